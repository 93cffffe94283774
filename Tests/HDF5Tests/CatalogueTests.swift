import Foundation
import Testing

@testable import HDF5

/// What a catalogue lists, and what it passes over with a note.
@Suite struct CatalogueTests {
  private func catalogue(_ name: String, follow: Bool = false) throws -> Catalogue {
    try File.catalogue(path: Oracle.odd.get().path(name), follow: follow)
  }

  @Test func linksEndWhereTheyShould() throws {
    let catalogue = try catalogue("links.h5")
    // Every object once, under the first of its hard names; `also` comes before `layers`.
    #expect(catalogue.datasets.map(\.path) == ["/also", "/layers/dense_10"])
    #expect(catalogue.groups == ["/", "/layers", "/layers/deep"])
    #expect(
      catalogue.aliases == [
        "/layers/again": "/layers", "/layers/deep/up": "/", "/layers/dense_2": "/also",
        "/soft": "/layers/dense_10", "/a_soft_group": "/layers",
      ])
    #expect(catalogue.skipped["/dangling"]?.contains("does not exist") == true)
    for loop in ["/loop_a", "/loop_b", "/itself"] {
      #expect(catalogue.skipped[loop]?.contains("circle") == true)
    }
    #expect(catalogue.skipped["/outside"]?.contains("other.h5:/x") == true)
    #expect(catalogue.skipped["/outside"]?.contains("follow: true") == true)
    #expect(catalogue.skipped.keys.contains("/soft_outside"))
    #expect(catalogue.skipped.keys.contains("/outside_missing"))
    #expect(catalogue.unreadable.isEmpty)
    for path in catalogue.skipped.keys {
      #expect(catalogue.notes.contains { $0.hasPrefix(path + " ") })
    }
  }

  @Test(arguments: [
    ("soft", "/layers/dense_10"), ("/layers/dense_2", "/also"),
    ("layers//again/dense_10", "/layers/dense_10"),
    ("a_soft_group/again/deep/up/layers/again/dense_10/", "/layers/dense_10"),
  ])
  func namesLeadThroughLinks(_ name: String, _ path: String) throws {
    #expect(try catalogue("links.h5").dataset(named: name).path == path)
  }

  @Test func namesThatAreNotThereSayWhatIs() throws {
    let catalogue = try catalogue("links.h5")
    let missing = #expect(throws: HDF5Error.self) { try catalogue.dataset(named: "Dense_10") }
    #expect(missing?.kind == .notFound)
    #expect(missing?.advice == "It has /layers/dense_10.")
    let outside = #expect(throws: HDF5Error.self) { try catalogue.dataset(named: "outside") }
    #expect(outside?.description.contains("external link to other.h5:/x") == true)
    let group = #expect(throws: HDF5Error.self) { try catalogue.dataset(named: "layers") }
    #expect(group?.what.contains("a group") == true)
  }

  @Test func externalLinksAreFollowedOnlyWhenAsked() throws {
    let catalogue = try catalogue("links.h5", follow: true)
    let outside = try catalogue.dataset(named: "outside")
    #expect(outside.viaLink == "other.h5:/x")
    #expect(outside.storageFile?.hasSuffix("/other.h5") == true)
    #expect(catalogue.otherFiles.map(\.path) == [outside.storageFile])
    #expect(catalogue.aliases["/soft_outside"] == "/outside")
    #expect(catalogue.skipped["/outside_missing"]?.contains("cannot be opened") == true)
    let dataset = try File(catalogue).dataset(outside)
    #expect(try dataset.integers() == [0, 1, 2, 3, 4])
  }

  @Test func namesAreTakenAsTheyAreAndSortedAsPeopleCount() throws {
    let catalogue = try catalogue("names.h5")
    let names = catalogue.datasets.map(\.path).filter { !$0.hasPrefix("/d/") }
    #expect(
      names == [
        "/B", "/a", "/a b", "/conv.1", "/dense_09", "/dense_9", "/dense_10", "/größe", "/x/y/z",
        "/x 2", "/x-1", "/層",
      ])
    #expect(catalogue.notes.contains { $0.contains("not UTF-8") })
    let bottom = "/" + Array(repeating: "d", count: 300).joined(separator: "/") + "/bottom"
    #expect(try catalogue.dataset(named: bottom).shape == [3])
  }

  @Test func everyKindOfElementIsNamed() throws {
    let catalogue = try catalogue("kinds.h5")
    let kinds = Dictionary(
      uniqueKeysWithValues: catalogue.datasets.map { ($0.path, "\($0.element)") })
    #expect(
      kinds == [
        "/null": "float32", "/scalar": "int16", "/compound": "compound", "/compound/a": "int32",
        "/compound/b": "float64", "/complex": "complex",
        "/enum": "enum of int16", "/boolean": "uint8", "/reference": "reference",
        "/sequences": "variable-length sequence", "/arrays": "float32", "/array_type": "float32",
        "/opaque": "opaque, 5 bytes", "/long_double": "float of 16 bytes in a form of its own",
        "/odd_integer": "int32",
      ])
    #expect(catalogue.notes.contains { $0.contains("/named_type") })
    let enumeration = try catalogue.dataset(named: "enum").enumeration
    #expect(enumeration?.element == .int16)
    #expect(enumeration?.members.map { "\($0.name) \($0.value)" } == ["cat 0", "dog 1"])
    #expect(try catalogue.dataset(named: "boolean").enumeration == nil)
    let file = try File(catalogue)
    let null = try catalogue.dataset(named: "null")
    #expect(null.isNull && null.count == 0 && null.shape == [])
    #expect(try file.dataset(null).bytes() == [])
    #expect(try file.dataset(null).pieces(of: []).isEmpty)
    #expect(try file.dataset(catalogue.dataset(named: "scalar")).integers() == [-3])
    #expect(try file.dataset(catalogue.dataset(named: "boolean")).integers() == [1, 0, 1])
    let compound = try file.dataset(catalogue.dataset(named: "compound"))
    let error = #expect(throws: HDF5Error.self) { try compound.integers() }
    #expect(error?.description.contains("compound") == true)
    #expect(throws: HDF5Error.self) {
      try file.dataset(catalogue.dataset(named: "opaque"), reinterpret: .bfloat16)
    }
  }

  @Test func attributesAreListed() throws {
    let catalogue = try catalogue("texts.h5")
    #expect(
      catalogue.rootAttributes.filter { $0.key != "scales" } == [
        "class_names": .strings(["cat", "dog", "größe"]), "fixed names": .strings(["x", "yz"]),
        "count": .integer(3), "counts": .integers([1, 2, 3]), "scale": .double(0.5),
        "text": .string("one"),
      ])
    guard case .doubles(let scales)? = catalogue.rootAttributes["scales"] else {
      Issue.record("no scales")
      return
    }
    #expect(scales[0] == 0.5 && scales[1].isNaN && scales[2] == .infinity)
    #expect(catalogue.groupAttributes == ["/g": ["of": .string("a group")]])
    #expect(try catalogue.dataset(named: "variable").attributes == ["of": .string("a dataset")])
  }

  @Test func whatIsNewerThanTheLibraryIsSaidToBe() throws {
    let catalogue = try catalogue("latest.h5")
    #expect(catalogue.datasets.map(\.path) == ["/old"])
    #expect(catalogue.skipped["/new"]?.contains("newer than libhdf5 1.10") == true)
    #expect(catalogue.skipped["/new"]?.contains("libver") == true)
    #expect(catalogue.unreadable.map(\.path) == ["/new"])
  }

  @Test func unknownFiltersAreNamedWithWhatToDo() throws {
    let catalogue = try catalogue("filters.h5")
    #expect(try catalogue.dataset(named: "good").unsupportedReason == nil)
    for (name, number) in [("blosc2", "32026"), ("zfp", "32013")] {
      let info = try catalogue.dataset(named: name)
      #expect(info.unsupportedReason?.contains("filter \(number) (\"\(name)\")") == true)
      #expect(info.unsupportedReason?.contains("h5repack") == true)
      let error = #expect(throws: HDF5Error.self) { try File(catalogue).dataset(info) }
      #expect(error?.kind == .unsupported)
    }
  }

  @Test func claimsBeyondWhatIsStoredAreRefusedBeforeTheyCostMemory() throws {
    let catalogue = try catalogue("bombs.h5")
    let chunk = try catalogue.dataset(named: "chunk")
    #expect(chunk.unsupportedReason?.contains("cannot decode to that") == true)
    let file = try File(catalogue)
    let shape = try file.dataset(catalogue.dataset(named: "shape"))
    #expect(shape.info.chunksWritten == 1)
    #expect(shape.info.chunksTotal == 10_000_000_000)
    #expect(throws: HDF5Error.self) { try shape.bytes() }
    #expect(throws: HDF5Error.self) { try shape.integers() }
    let empty = try file.dataset(catalogue.dataset(named: "empty"), missing: .fill)
    #expect(throws: HDF5Error.self) { try empty.bytes() }
  }

  @Test func theChildSaysTheSame() throws {
    let oracle = try Oracle.odd.get()
    for name in ["links.h5", "kinds.h5", "texts.h5", "filters.h5", "names.h5", "holes.h5"] {
      let here = try File.catalogue(path: oracle.path(name))
      let inChild = try File.catalogueInChild(path: oracle.path(name), executable: catalogueChild)
      #expect(inChild.datasets == here.datasets)
      #expect(inChild.groups == here.groups)
      #expect(inChild.notes == here.notes)
      #expect(inChild.skipped == here.skipped)
      #expect(inChild.aliases == here.aliases)
      #expect(inChild.file == here.file)
      #expect(inChild.groupAttributes == here.groupAttributes)
    }
  }

  @Test func manyChunksAndGroupsAreListed() throws {
    // It takes 0.1 s; a walk of the index for each chunk would take a minute of processor time and hit the limit.
    let catalogue = try File.catalogueInChild(
      path: Oracle.odd.get().path("many.h5"), executable: catalogueChild)
    #expect(catalogue.datasets.count == 501)
    #expect(try catalogue.dataset(named: "rows").chunksWritten == 20_000)
  }
}
