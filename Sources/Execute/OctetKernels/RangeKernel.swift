import COctetKernels

/// A kernel that works on a range of equal units.
struct RangeKernel: Sendable {
  let name: String
  let function: @convention(c) (UnsafeRawPointer?, Int, Int) -> Void

  /// The best kernel of `list` that `cpu` runs.
  init(_ list: octet_range_kernel_list, cpu: CPU) {
    let kernels = UnsafeBufferPointer(start: list.kernels, count: list.count)
    let best = kernels.first { kernel in cpu.instructionSets.contains { $0.code == kernel.isa } }
    guard let best, let name = best.name, let function = best.function else {
      preconditionFailure("a kernel list has no scalar kernel")
    }
    self.name = String(String(cString: name).dropFirst("octet_".count))
    self.function = function
  }
}

/// Values at an address that kernels can keep, followed by zeros up to a multiple of 16 values and at least one vector.
///
/// Sendable because they are written only while it is made.
final class Constants<Element: BitwiseCopyable>: @unchecked Sendable {
  private let memory: KernelMemory

  init(_ values: [Element]) { memory = KernelMemory(values, slack: 16 * MemoryLayout<Element>.stride) }

  var base: UnsafePointer<Element> { UnsafePointer(memory.elements(Element.self)) }
}

/// A kernel and the plan it runs by.
///
/// Sendable because nothing changes after it is made, and the plan points at nothing but `constants`.
struct PreparedKernel<Plan: BitwiseCopyable>: @unchecked Sendable {
  let kernel: RangeKernel
  let plan: Plan
  private let constants: [any AnyObject & Sendable]
  let units: Int
  /// Work smaller than this is not worth a second thread.
  let unitsPerTask: Int

  init(_ kernel: RangeKernel, plan: Plan, constants: [any AnyObject & Sendable], units: Int, bytes: Int) {
    self.kernel = kernel
    self.plan = plan
    self.constants = constants
    self.units = units
    let bytesPerTask = 32768
    unitsPerTask = bytes == 0 ? 1 : max(1, min(units, units * bytesPerTask / bytes))
  }

  /// Calls the kernel with the arguments that `arguments` makes around the plan's address.
  func run<Arguments>(on team: WorkerTeam, _ arguments: (UnsafePointer<Plan>) -> Arguments) {
    withUnsafePointer(to: plan) { plan in
      withUnsafePointer(to: arguments(plan)) {
        octet_range_run(team.handle, kernel.function, $0, units, unitsPerTask)
      }
    }
  }
}

/// Fills an array of a C structure, which Swift sees as a tuple.
func assign<Tuple, Element: BitwiseCopyable>(_ values: [Element], to array: inout Tuple) {
  precondition(values.count * MemoryLayout<Element>.stride == MemoryLayout<Tuple>.size, "\(values.count) values")
  withUnsafeMutableBytes(of: &array) { array in values.withUnsafeBytes { array.copyMemory(from: $0) } }
}
