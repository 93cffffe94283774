/* The C boundary to libhdf5, and nothing else. HDF5's constants are macros that expand to function
 * calls or to library variables, which Swift cannot import: each is wrapped here in a `static inline`
 * function. The 1.10 names are asked for, so that the same source compiles against 1.12 and 1.14. */
#ifndef ND_CHDF5_SHIM_H
#define ND_CHDF5_SHIM_H

#define H5_USE_110_API
#include <hdf5.h>
#include <stdint.h>
#include <string.h>

static inline hid_t nd_default(void) { return H5P_DEFAULT; }
static inline hid_t nd_all(void) { return H5S_ALL; }
static inline hid_t nd_file_access_class(void) { return H5P_FILE_ACCESS; }
static inline hid_t nd_dataset_access_class(void) { return H5P_DATASET_ACCESS; }
static inline hid_t nd_link_access_class(void) { return H5P_LINK_ACCESS; }
/* Of a contiguous dataset's first byte; nd_undefined_offset() if none was ever written. */
static inline uint64_t nd_data_offset(hid_t dataset) { return H5Dget_offset(dataset); }
static inline uint64_t nd_undefined_offset(void) { return HADDR_UNDEF; }
static inline uint64_t nd_unlimited(void) { return H5S_UNLIMITED; }
static inline hid_t nd_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t nd_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t nd_c_string(void) { return H5T_C_S1; }
static inline unsigned nd_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned nd_unfiltered_edge_chunks(void) { return H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS; }

/* Errors are values here: nothing is printed, the stack is read when a call has failed. In a
 * thread-safe build the setting belongs to the calling thread. */
static inline void nd_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }
static inline void nd_clear_errors(void) { H5Eclear2(H5E_DEFAULT); }
static inline void nd_walk_errors(H5E_walk2_t visit, void *context) {
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, visit, context);
}

/* No filter is ever loaded from a path that a file or the environment names. */
static inline herr_t nd_forbid_plugins(void) { return H5PLset_loading_state(0); }

static inline hid_t nd_open_file(const char *path, hid_t access) {
  return H5Fopen(path, H5F_ACC_RDONLY, access);
}

/* A link access list (or a subclass of it) that refuses to leave the file. */
static inline herr_t nd_refuse_link_(const char *parent_file, const char *parent_group,
                                     const char *child_file, const char *child_object,
                                     unsigned *flags, hid_t access, void *context) {
  (void)parent_file, (void)parent_group, (void)child_file, (void)child_object;
  (void)flags, (void)access, (void)context;
  return -1;
}
static inline herr_t nd_refuse_external_links(hid_t access) {
  return H5Pset_elink_cb(access, nd_refuse_link_, NULL);
}

typedef struct nd_object {
  uint64_t file;    /* number of the open file the object lies in */
  uint64_t address; /* of its header; with `file` its identity */
  int type;         /* H5O_type_t */
} nd_object;

static inline herr_t nd_object_by_name(hid_t at, const char *name, hid_t access, nd_object *out) {
  H5O_info_t info;
  herr_t status = H5Oget_info_by_name2(at, name, &info, H5O_INFO_BASIC, access);
  if (status >= 0) {
    out->file = info.fileno;
    out->address = info.addr;
    out->type = (int)info.type;
  }
  return status;
}

static inline hid_t nd_open_attribute(hid_t object, const char *name) { return H5Aopen(object, name, H5P_DEFAULT); }
/* Calls `visit` with every attribute of the object, in the order that costs least. */
static inline herr_t nd_each_attribute(hid_t object, H5A_operator2_t visit, void *context) {
  hsize_t at = 0;
  return H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, &at, visit, context);
}

/* Calls `visit` with every link of the group, in the order that costs least. */
static inline herr_t nd_each_link(hid_t group, H5L_iterate_t visit, void *context) {
  hsize_t at = 0;
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, &at, visit, context);
}

/* The path of the first dimension scale of an axis: what DIMENSION_LIST refers to. Bytes of the path, 0 where there is none. */
static inline ssize_t nd_dimension_scale(hid_t dataset, unsigned axis, unsigned rank, char *path, size_t size) {
  if (H5Aexists(dataset, "DIMENSION_LIST") <= 0) return 0;
  ssize_t length = 0;
  hid_t attribute = H5Aopen(dataset, "DIMENSION_LIST", H5P_DEFAULT);
  if (attribute < 0) return 0;
  hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  hid_t base = type >= 0 && H5Tget_class(type) == H5T_VLEN ? H5Tget_super(type) : -1;
  if (space >= 0 && base >= 0 && H5Tequal(base, H5T_STD_REF_OBJ) > 0 && H5Sget_simple_extent_npoints(space) == (hssize_t)rank &&
      rank <= 32) {
    hvl_t lists[32];
    if (H5Aread(attribute, type, lists) >= 0) {
      if (lists[axis].len > 0) length = H5Rget_name(dataset, H5R_OBJECT, lists[axis].p, path, size);
      H5Dvlen_reclaim(type, space, H5P_DEFAULT, lists);
    }
  }
  if (base >= 0) H5Tclose(base);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  H5Aclose(attribute);
  return length;
}

/* The innermost entry of the error stack. */
static inline herr_t nd_innermost_(unsigned depth, const H5E_error2_t *entry, void *innermost) {
  if (depth == 0) *(const H5E_error2_t **)innermost = entry;
  return 1;
}

/* Bytes that a chunk takes in the file, 0 if it was never written, -1 if its index is damaged.
 * libhdf5 says -1 both when a chunk is not there and when looking for it went wrong. In the first
 * case nothing below the function that looked has complained. */
static inline int64_t nd_chunk_bytes(hid_t dataset, const hsize_t *first) {
  hsize_t bytes = 0;
  if (H5Dget_chunk_storage_size(dataset, first, &bytes) >= 0) return (int64_t)bytes;
  const H5E_error2_t *entry = NULL;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, nd_innermost_, &entry);
  if (entry && entry->func_name && entry->desc &&
      !strcmp(entry->func_name, "H5D__get_chunk_storage_size") &&
      strstr(entry->desc, "not allocated"))
    return 0;
  return -1;
}

/* Where a chunk lies in the file, and its bytes there; 0 bytes if that cannot be told. Looks through the index from its beginning. */
typedef struct { haddr_t first; hsize_t bytes; } nd_chunk_place;
static inline nd_chunk_place nd_place_of_chunk(hid_t dataset, const hsize_t *first) {
  nd_chunk_place place = {HADDR_UNDEF, 0};
  unsigned mask = 0;
  if (H5Dget_chunk_info_by_coord(dataset, first, &mask, &place.first, &place.bytes) < 0 || place.first == HADDR_UNDEF) place.bytes = 0;
  return place;
}

#endif
