/// What a job says of a dump; what it leaves open is found in the dump itself.
public struct DumpRequest: Sendable, Equatable {
  public enum ClassNames: Sendable, Equatable {
    case dataset(String)
    case list([String])
    /// Each label with its name; others keep their own.
    case byLabel(labels: [String], names: [String])
  }
  /// What gives all rows of a file, or of a group that is joined, their class.
  public enum ClassFrom: String, Sendable, CaseIterable { case group, file }

  public var layers: [LayerRequest]?
  public var labels: String?
  public var predictions: String?
  public var classNames: ClassNames?
  public var instances: InstanceRequest?
  /// How many rows count; later ones are filler.
  public var count: CountOfRows?
  /// Columns that there are none of, whatever datasets are called.
  public var absent: Set<Column> = []
  /// Groups of each file whose rows follow each other; paths then count from the group.
  public var join: String?
  public var classFrom: ClassFrom?
  /// Path of a file of its own that holds the labels, and the predictions if the job names them.
  public var labelsFrom: String?
  /// What rows are, besides their labels.
  public var table = RowTableRequest()
  /// Path of the dataset that says which positions count: `[row, position …]`, 0 where one does not.
  public var mask: String?

  public enum Column: String, Sendable { case labels, predictions, count }
  public init() {}

  /// Whether it says nothing of what the dump holds.
  var leavesAllOpen: Bool { layers == nil && labels == nil && join == nil && classFrom == nil && labelsFrom == nil }
}

/// What a job says of a layer.
public struct LayerRequest: Sendable, Equatable {
  public var name: String?
  public var dataset: String
  public var axes: Axes?
  public var reduce: Reduction
  /// Reads elements of 2 opaque bytes, uint16 or int16 as bfloat16.
  public var bfloat16: Bool
  /// How a job has the stored numbers taken, whatever the file says of them.
  public enum Numbers: Sendable, Equatable {
    /// As they are.
    case raw
    /// `(stored - zeroPoint) * scale`.
    case scaled(by: Double, zeroPoint: Double)
  }
  public var numbers: Numbers?
  /// Which lines of a sparse matrix are stored, where its group does not say.
  public enum SparseLines: String, Sendable, CaseIterable { case csr, csc }
  public var sparse: SparseLines?
  /// Path of the numbers of the neurons whose values `dataset` holds, some for each row (top-k).
  public var indices: String?
  /// How many neurons a layer has of which not all are stored.
  public var neurons: Int?

  public init(
    name: String? = nil, dataset: String, axes: Axes? = nil, reduce: Reduction = .flatten, bfloat16: Bool = false
  ) {
    self.name = name
    self.dataset = dataset
    self.axes = axes
    self.reduce = reduce
    self.bfloat16 = bfloat16
  }
}
