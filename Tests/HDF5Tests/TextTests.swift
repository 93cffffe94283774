import Testing

@testable import HDF5

/// Labels and names: texts in every form, whole numbers of every type.
@Suite struct TextTests {
  private static let words = [
    "", "cat", "a dog", "größer", "層が深い", String(repeating: "x", count: 300),
  ]

  private func open(_ name: String) throws -> (Catalogue, File) {
    let catalogue = try File.catalogue(path: Oracle.odd.get().path(name))
    return (catalogue, try File(catalogue))
  }

  @Test(arguments: [
    ("variable", words), ("variable_lz4", words),
    ("variable_chunked", Array(repeatElement(words, count: 50).joined())),
    ("variable_ascii", ["a", "bc"]), ("variable_scalar", ["only one"]),
    ("variable_grid", ["a", "b", "c", "d"]),
    ("many", (0..<5000).map { "word \($0)" }),
    ("fixed_utf8", words), ("latin", ["größe"]),
    ("null_terminated", ["cat", "a dog", "", "sixsi", " x"]),
    ("null_padded", ["cat", "a dog", "", "sixsi", " x"]),
    ("space_padded", ["cat", "a dog", "", "sixsi", " x"]),
  ])
  func textsAreReadInEveryForm(_ name: String, _ expected: [String]) throws {
    let (catalogue, file) = try open("texts.h5")
    #expect(try file.dataset(catalogue.dataset(named: name)).strings() == expected)
  }

  @Test func textsThatWereNeverWrittenAreRefused() throws {
    let (catalogue, file) = try open("texts.h5")
    #expect(throws: HDF5Error.self) {
      try file.dataset(catalogue.dataset(named: "variable_unwritten")).strings()
    }
    #expect(throws: HDF5Error.self) {
      try file.dataset(catalogue.dataset(named: "labels_i8")).strings()
    }
  }

  @Test(
    arguments: [
      ("labels_i8", [0, -1, 7]), ("labels_u64", [0, Int64.max]), ("labels_f4", [0, 3, -2]),
    ] as [(String, [Int64])])
  func wholeNumbersOfEveryType(_ name: String, _ expected: [Int64]) throws {
    let (catalogue, file) = try open("texts.h5")
    #expect(try file.dataset(catalogue.dataset(named: name)).integers() == expected)
  }

  @Test(arguments: [
    ("labels_half", "row 2 holds 2.5"), ("labels_nan", "row 0 holds nan"),
    ("labels_big", "row 1 holds 18446744073709551615"), ("fixed", "text of 40 bytes"),
  ])
  func otherNumbersAreRefusedByRow(_ name: String, _ words: String) throws {
    let (catalogue, file) = try open("texts.h5")
    let error = #expect(throws: HDF5Error.self) {
      try file.dataset(catalogue.dataset(named: name)).integers()
    }
    #expect(error?.description.contains(words) == true)
    #expect(error?.dataset == "/" + name)
  }

  @Test(arguments: ["heap_signature.h5", "heap_size.h5", "heap_object.h5", "heap_index.h5"])
  func aDamagedHeapIsAnErrorNamingTheRow(_ name: String) throws {
    let (catalogue, file) = try open(name)
    let error = #expect(throws: HDF5Error.self) {
      try file.dataset(catalogue.dataset(named: "words")).strings()
    }
    #expect(error?.kind == .badData)
    #expect(error?.what.contains("row ") == true)
    #expect(try file.dataset(catalogue.dataset(named: "numbers")).integers() == [0, 1, 2])
  }
}
