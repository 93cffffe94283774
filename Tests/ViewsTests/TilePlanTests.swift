import Testing

@testable import Views

struct TilePlanTests {
  private static let neurons = [1, 255, 256, 257, 4096, 65_536, 262_144, 1_000_000, Int(Int32.max)]
  private static let samples = [0, 1, 220, 1 << 14, 1 << 24, Int(UInt32.max), Int(UInt32.max) + 1, Int.max]

  @Test func `A layer of 262,144 neurons, from one level to the next`() {
    func plan(_ level: Int, _ plane: TilePlan.Plane, samples: Int = 10_000) -> TilePlan {
      TilePlan(Levels(neurons: 262_144), level: level, samples: samples, isWindow: false, plane: plane)
    }
    func made(_ source: TilePlan.Source, _ method: TilePlan.Method, _ word: TilePlan.Word) -> TilePlan {
      var plan = plan(0, .decoded)
      (plan.source, plan.method, plan.word) = (source, method, word)
      return plan
    }
    for plane in TilePlan.Plane.allCases {
      #expect(plan(0, plane) == made(.store, .gather, .bits32))
    }
    #expect(plan(4, .notDecoded) == made(.storeAndDecode, .gather, .bits32))
    #expect(plan(4, .decoded) == made(.decoded, .gather, .bits32))
    #expect(plan(5, .notDecoded) == made(.decodeFirst, .gather, .bits32))
    #expect(plan(6, .decoded) == made(.decoded, .gather, .bits32))
    #expect(plan(7, .notDecoded) == made(.decodeFirst, .pyramid(lowest: 7), .bits32))
    #expect(plan(10, .decoded) == made(.decoded, .pyramid(lowest: 7), .bits32))
    #expect(plan(4, .tooLarge) == made(.store, .gather, .bits32))
    #expect(plan(5, .tooLarge) == made(.store, .pyramid(lowest: 5), .bits32))
    // 2^10 neurons of 2^22 + 1 samples are more than 32 bits hold, 2^4 are not.
    #expect(plan(4, .decoded, samples: 1 << 22 + 1) == made(.decoded, .gather, .bits32))
    #expect(plan(7, .decoded, samples: 1 << 22 + 1) == made(.decoded, .pyramid(lowest: 7), .bits64))
    #expect(plan(5, .tooLarge, samples: 1 << 22 + 1) == made(.store, .pyramid(lowest: 5), .bits64))
  }

  @Test func `Whatever the layer, sums fit, and what is in memory is not read from the store but at level 0`() {
    forEachCase { levels, level, samples, isWindow, plane, plan in
      let highest = if case .pyramid = plan.method { levels.top } else { level }
      let (high, low) = samples.multipliedFullWidth(by: 1 << highest)
      let fits = high == 0 && low <= UInt(UInt32.max)
      #expect(plan.word == (fits && !isWindow ? .bits32 : .bits64))
      if plan.source.isMemory {
        #expect(plane != .tooLarge)
        #expect((plan.source == .decoded) == (plane == .decoded))
      }
      if level == 0 { #expect(plan.source == .store && plan.method == .gather) }
    }
  }

  /// A plane may turn out to be too large while it is decoded: then another plan takes over.
  @Test func `A pyramid holds the level asked for, and begins no higher without the plane in memory`() {
    forEachCase { levels, level, samples, isWindow, plane, plan in
      guard case .pyramid(let lowest) = plan.method else { return }
      #expect((1...level).contains(lowest))
      let most = plan.source.isMemory ? TilePlan.pyramidRowsMaxInMemory : TilePlan.pyramidRowsMax
      #expect(levels.rows(at: lowest) <= most)
      let without = TilePlan(levels, level: level, samples: samples, isWindow: isWindow, plane: .tooLarge)
      guard case .pyramid(let other) = without.method else {
        Issue.record("level \(level) of \(levels.neurons) neurons is gathered from the store, not from memory")
        return
      }
      #expect(other <= lowest)
    }
  }

  private func forEachCase(_ body: (Levels, Int, Int, Bool, TilePlan.Plane, TilePlan) -> Void) {
    for neurons in Self.neurons {
      let levels = Levels(neurons: neurons)
      for level in 0...levels.top {
        for samples in Self.samples {
          for isWindow in [false, true] {
            for plane in TilePlan.Plane.allCases {
              let plan = TilePlan(levels, level: level, samples: samples, isWindow: isWindow, plane: plane)
              body(levels, level, samples, isWindow, plane, plan)
            }
          }
        }
      }
    }
  }
}
