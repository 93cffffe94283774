/// Jobs that wait, of many clients: each client gets its share of the work, however much it asks for.
///
/// Start-time fair queueing: a clock counts the work done by each waiting client's share, every client has a time on it
/// at which its next job is due, and the job that is due first goes first. Who has asked for little lately does not wait
/// behind those who ask for much. When the queue is full, whoever has the most jobs in it gives one up for a client that
/// has fewer. Not thread-safe: its owner holds it behind a lock.
///
/// Source: Goyal, Vin, Cheng, "Start-time fair queuing", SIGCOMM 1996; McKenney, "Stochastic fairness queueing", 1990.
struct FairQueue<Client: Hashable & Sendable, Job: Sendable>: Sendable {
  /// Names a job that waits.
  struct Ticket: Hashable, Sendable {
    fileprivate var client: Client
    fileprivate var number: UInt64
  }

  struct Waiting: Sendable {
    var job: Job
    fileprivate var cost: Double
    fileprivate var number: UInt64
  }

  private struct Line {
    var waiting: [Waiting] = []
    var running = 0
    /// Time at which the next job is due.
    var due: Double

    /// Jobs that wait or run.
    var count: Int { waiting.count + running }
  }

  enum Admission: Sendable {
    case admitted(Ticket)
    /// In place of another client's job, which is not in the queue any more.
    case admittedInsteadOf(Job, Ticket)
    case refused
  }

  /// Most jobs that wait or run.
  let jobsMax: Int
  /// Jobs that wait or run.
  private(set) var count = 0
  private var lines: [Client: Line] = [:]
  private var now = 0.0
  /// What the clock has yet to count of the job that was popped last: by the next one, so that whoever comes meanwhile is
  /// due before the same client's next.
  private var owed = 0.0
  private var lastNumber: UInt64 = 0

  init(jobsMax: Int) { self.jobsMax = jobsMax }

  /// Jobs of a client that wait or run.
  func count(of client: Client) -> Int { lines[client]?.count ?? 0 }

  /// Clients that are remembered: bounded by jobs that wait or run and those that ran lately.
  var clients: Int { lines.count }

  /// Queues a job.
  /// - Parameter cost: what it takes, in the unit of the other jobs' costs; more than 0.
  /// - Complexity: O(clients).
  mutating func push(_ job: Job, of client: Client, cost: Double) -> Admission {
    precondition(cost > 0 && cost.isFinite)
    var instead: Job?
    if count >= jobsMax {
      guard let greediest = greediest(), count(of: greediest) > count(of: client) + 1 else {
        return .refused
      }
      instead = lines[greediest]?.waiting.removeLast().job
      count -= 1
    }
    lastNumber += 1
    var line = lines[client] ?? Line(due: now)
    if line.waiting.isEmpty { line.due = max(now, line.due) }
    line.waiting.append(Waiting(job: job, cost: cost, number: lastNumber))
    lines[client] = line
    count += 1
    let ticket = Ticket(client: client, number: lastNumber)
    return instead.map { .admittedInsteadOf($0, ticket) } ?? .admitted(ticket)
  }

  /// Who has the most jobs among those of whom one waits.
  private func greediest() -> Client? {
    lines.lazy.filter { !$0.value.waiting.isEmpty }.max { $0.value.count < $1.value.count }?.key
  }

  /// The job that is due, which runs from now on until `finish`.
  /// - Parameter isServed: of which clients; by default of all.
  /// - Complexity: O(clients).
  mutating func pop(of isServed: (Client) -> Bool = { _ in true }) -> (client: Client, job: Job)? {
    var first: (client: Client, due: Double, number: UInt64)?
    var busy = 0
    for (client, line) in lines where line.count > 0 {
      busy += 1
      guard let head = line.waiting.first else { continue }
      if let first, (first.due, first.number) < (line.due, head.number) { continue }
      guard isServed(client) else { continue }
      first = (client, line.due, head.number)
    }
    guard let client = first?.client, let head = lines[client]?.waiting.removeFirst() else { return nil }
    // Of the work, every client that has something to do was due its part.
    now += owed
    owed = head.cost / Double(busy)
    lines[client]?.due += head.cost
    lines[client]?.running += 1
    // Who waits for nothing and is not ahead of its share is as good as unknown.
    lines = lines.filter { $0.value.count > 0 || $0.value.due > now }
    return (client, head.job)
  }

  /// A job that was popped has ended.
  mutating func finish(_ client: Client) {
    guard let running = lines[client]?.running, running > 0 else { preconditionFailure("nothing of it runs") }
    lines[client]?.running -= 1
    count -= 1
  }

  /// Takes a job out, unless it runs already.
  mutating func remove(_ ticket: Ticket) -> Job? {
    guard let index = lines[ticket.client]?.waiting.firstIndex(where: { $0.number == ticket.number }) else {
      return nil
    }
    count -= 1
    return lines[ticket.client]?.waiting.remove(at: index).job
  }
}
