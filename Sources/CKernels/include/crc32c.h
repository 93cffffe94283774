#ifndef CKERNELS_CRC32C_H
#define CKERNELS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) of `count` bytes, as RFC 3720 and Zarr's `crc32c` codec use it.
/// `crc` is 0 for a new sum, or the sum of the bytes before.
uint32_t nd_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The same without instructions that only some processors have.
uint32_t nd_crc32c_portable(uint32_t crc, const void *bytes, size_t count);

#endif
