/// The words of a dataset's name, by which people say what it holds: `labels_test` is `labels` and `test`, `predBoxes` is `pred` and `boxes`.
struct DatasetName {
  /// The last part of the path.
  let original: String
  /// The same in lower case.
  let last: String
  /// Its runs of letters and of digits, in lower case; a capital after a small letter begins another.
  let words: [String]

  init(_ path: String) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    original = name
    last = name.lowercased()
    var words: [String] = []
    var before: Character?
    for character in name {
      let joins =
        before.map {
          $0.isLetter && character.isLetter && !($0.isLowercase && character.isUppercase)
            || $0.isNumber && character.isNumber
        } ?? false
      if character.isLetter || character.isNumber {
        if joins { words[words.count - 1] += character.lowercased() } else { words.append(character.lowercased()) }
      }
      before = character
    }
    self.words = words
  }

  func holds(any vocabulary: Set<String>) -> Bool { words.contains(where: vocabulary.contains) }
}

extension DatasetName {
  /// Words beside that of a column which do not change what it is.
  private static let qualifiers: Set<String> = [
    "all", "true", "train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval", "id", "ids",
    "idx",
    "index", "indices", "int", "num", "numeric", "gt", "ground", "truth", "batch", "sample", "row", "image", "img",
    "fine",
    "coarse", "name", "code", "codes", "data", "array", "raw", "cell", "type",
  ]
  private static let labelWords: Set<String> = [
    "label", "labels", "target", "targets", "class", "classes", "cls", "category", "categories", "y", "celltype", "gt",
  ]
  private static let predictionWords: Set<String> = ["pred", "preds", "predicted", "prediction", "predictions", "hat"]

  private var digitsApart: [String] { words.filter { !$0.allSatisfy(\.isNumber) } }

  /// Whether it is called like a class of each row, in whatever words.
  var readsLikeLabels: Bool {
    if holds(any: Self.predictionWords) || holds(any: ["onehot", "names"]) || last.contains("one_hot") { return false }
    let words = digitsApart
    if words == ["cell", "type"] || words == ["gt"] || words == ["ground", "truth"] || words == ["groundtruth"] {
      return true
    }
    let core = words.filter { !Self.qualifiers.contains($0) }
    return !core.isEmpty && core.allSatisfy(Self.labelWords.contains)
  }

  /// Whether it is called like the labels of something: `query_labels`.
  var endsLikeLabels: Bool {
    words.count > 1 && Self.labelWords.contains(words.last ?? "") && !holds(any: Self.predictionWords)
  }

  /// The words by which a column of labels is told from others: `batch`, `0` of labels_batch0.
  var tagOfLabels: [String] {
    words.filter { word in
      !Self.labelWords.contains(word)
        && (!Self.qualifiers.contains(word) || Self.splits.contains(word) || Self.batchWords.contains(word))
    }
  }

  /// Whether it is called like what the network says of each row.
  var readsLikePredictions: Bool {
    guard holds(any: Self.predictionWords) else { return false }
    return digitsApart.allSatisfy {
      Self.predictionWords.contains($0) || Self.qualifiers.contains($0) || Self.labelWords.contains($0)
    }
  }

  /// What a matrix is by its name and type, where that is no layer; `nil`: it may be one.
  /// - Parameters:
  ///   - path: of the matrix.
  ///   - isNarrow: whether its values are of one byte.
  ///   - isWhole: whether its values are whole numbers.
  ///   - rank: its axes.
  func notALayer(_ path: String, isWhole: Bool, isByte: Bool, isNarrow: Bool = false, rank: Int) -> String? {
    if holds(any: ["onehot"]) || last.contains("one_hot") { return "by its name it holds labels, one column a class" }
    if rank >= 3, holds(any: Self.pictureWords) { return "by its name it holds input pictures" }
    if isByte, rank == 4 || rank == 3, ["x", "input", "inputs", "data"].contains(last) {
      return "its bytes look like input pictures"
    }
    guard isWhole else { return nil }
    if holds(any: Self.maskWords) { return "by its name it is a mask" }
    if readsLikePredictions, !isNarrow {
      return
        "by its name and its whole numbers it holds predictions, several a row; to take the first of each, write, with h5py: f[\"predictions_first\"] = f[\"\(path.dropFirst())\"][:, 0], and in a job predictions: predictions_first"
    }
    if !isNarrow, Self.placeWords.contains(digitsApart.last ?? "") {
      return "by its name and its whole numbers it holds \(Self.numbering(words)), no activations"
    }
    if holds(any: Self.numberingWords) || Self.looseNumberingWords.contains(digitsApart.last ?? "") {
      return "by its name and its whole numbers it holds \(Self.numbering(words)), no activations"
    }
    return nil
  }

  var readsLikeMask: Bool { holds(any: Self.maskWords) }

  private static let pictureWords: Set<String> = [
    "image", "images", "picture", "pictures", "pixel", "pixels", "img", "imgs", "photo", "photos", "frame", "frames",
    "thumbnails",
  ]
  private static let maskWords: Set<String> = ["mask", "masks", "valid", "padding", "ismissing", "keep"]
  private static let numberingWords: Set<String> = [
    "id", "ids", "index", "indices", "idx", "neighbors", "neighbours", "knn", "bbox", "bboxes", "box", "boxes", "coord",
    "coords",
    "coordinate", "coordinates", "position", "positions", "segment", "segments", "length", "lengths", "offset",
    "offsets", "indptr",
    "order", "perm", "permutation", "counts", "epoch", "epochs", "step", "steps", "seed", "seeds", "labels", "targets",
  ]
  /// The same, but only as the last word: `token_mixer` and `nn_fc1` are layers.
  private static let looseNumberingWords: Set<String> = ["tokens", "token", "type", "types", "nn"]
  /// Of numbers of more than a byte: quantised layers have names of all kinds.
  private static let placeWords: Set<String> = ["location", "locations", "span", "spans", "size", "sizes"]
  private static func numbering(_ words: [String]) -> String {
    for (names, what): (Set<String>, String) in [
      (
        ["neighbors", "neighbours", "knn", "nn", "index", "indices", "idx", "order", "perm", "permutation"],
        "row numbers"
      ),
      (
        [
          "bbox", "bboxes", "box", "boxes", "coord", "coords", "coordinate", "coordinates", "position", "positions",
          "location", "locations",
        ],
        "places"
      ),
      (["offset", "offsets", "indptr", "length", "lengths", "segment", "segments"], "where rows begin and end"),
      (["labels", "targets"], "labels"),
    ] where words.contains(where: names.contains) { return what }
    return "numbers of things"
  }

  /// Whether it is called like figures of a whole layer, or like parameters of the network: what has rows of its own.
  var readsLikeParameters: Bool {
    holds(any: [
      "weight", "weights", "kernel", "kernels", "bias", "biases", "gamma", "beta", "moving", "running", "vars", "var",
      "variance",
      "mean", "means", "std", "stddev", "minimum", "maximum", "centroid", "centroids", "codebook", "loadings",
      "components", "pcs",
      "eigenvalues", "eigenvectors", "covariance", "cov", "histogram", "stats", "statistics", "optimizer", "momentum",
    ])
  }

  /// What it holds by its name alone, where layers stand beside it and it has as many rows: parameters, distances or places; `nil`: none of these.
  func besidesLayers(_ path: String, _ shape: [Int]) -> String? {
    let groups = path.split(separator: "/").dropLast().map(String.init)
    if groups.contains(where: ["params", "optimizer", "model_weights", "state_dict", "opt_state"].contains)
      || ["weight", "weights", "kernel", "kernels", "bias", "biases"].contains(digitsApart.last)
        && !holds(any: [
          "attn", "attention", "sample", "router", "gate", "expert", "experts", "softmax", "mixture", "pooling",
          "alpha",
        ])
    {
      return "parameters of the network"
    }
    let isOfPairsAlone = digitsApart.allSatisfy {
      Self.pairWords.contains($0)
        || ["knn", "nn", "neighbor", "neighbors", "neighbours", "pairwise", "cosine"].contains($0)
    }
    if readsLikePairs, isOfPairsAlone || shape.count == 2 && shape[0] == shape[1] {
      return "distances or likenesses of pairs"
    }
    let places: Set<String> = [
      "bbox", "bboxes", "box", "boxes", "coord", "coords", "coordinates", "landmarks", "keypoints", "lat", "lon", "xy",
    ]
    return !words.isEmpty && words.allSatisfy(places.contains) ? "places" : nil
  }

  /// Whether it is called like distances or scores of pairs, which have rows, but no neurons.
  var readsLikePairs: Bool { holds(any: Self.pairWords) }

  private static let pairWords: Set<String> = ["distance", "distances", "similarity", "similarities", "affinity"]

  /// Names of the usual parts of a data set.
  static let splits: Set<String> = [
    "train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval", "holdout",
  ]
  static let batchWords: Set<String> = [
    "batch", "batches", "part", "parts", "chunk", "chunks", "shard", "shards", "fold", "iter", "iteration", "worker",
    "rank", "proc",
    "process", "slice", "piece", "minibatch",
  ]
  /// Names of what holds layers one after another, by their numbers.
  static let stackWords: Set<String> = [
    "layer", "layers", "block", "blocks", "transformer", "encoder", "decoder", "stage", "stages", "backbone",
  ]
  /// By which people name layers.
  static let layerWords: Set<String> = [
    "layer", "layers", "conv", "convs", "fc", "dense", "relu", "gelu", "pool", "avgpool", "maxpool", "mlp", "attn",
    "attention",
    "res", "resnet", "norm", "bn", "ln", "encoder", "decoder", "head", "stem", "neck", "backbone", "features",
    "feature", "embed",
    "embedding", "embeddings", "logits", "output", "outputs", "hidden", "stage", "inception", "mixed", "lstm", "gru",
    "linear",
    "up", "down", "proj", "projection", "visual", "text", "audio", "block", "blocks", "classifier", "flatten",
    "dropout", "softmax",
  ]
}
