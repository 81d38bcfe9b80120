import COctetKernels

/// Weights packed for the kernels of one list.
final class WeightPacking {
  let layout: octet_weight_layout
  let bytes: KernelMemory
  private let panels: KernelMemory

  init(
    _ weights: UnsafeRawBufferPointer, _ geometry: ConvolutionGeometry, _ list: octet_dot_kernel_list,
    _ instructionSet: InstructionSet
  ) {
    var code = geometry.code
    var layout = octet_weight_layout_make(&code, list, instructionSet.code)
    panels = KernelMemory(byteCount: layout.panel_count * MemoryLayout<octet_convolution_panel>.stride)
    bytes = KernelMemory(byteCount: layout.groups * layout.group_bytes)
    let panels = self.panels.elements(octet_convolution_panel.self)
    octet_weight_panels(&layout, list, instructionSet.code, panels)
    octet_weights_pack(&layout, panels, weights.baseAddress, bytes.elements(UInt8.self))
    self.layout = layout
  }

  /// What kernels add to the sums of each channel of the layout beyond the products with the input.
  func pairProducts() -> [Int32] {
    let count = layout.groups * layout.group_channels
    guard layout.format == OCTET_WEIGHTS_PAIRS_S16 else { return Array(repeating: 0, count: count) }
    return [Int32](unsafeUninitializedCapacity: count) { products, initialized in
      withUnsafePointer(to: layout) {
        octet_weights_pair_products($0, panelPointer, bytes.elements(UInt8.self), products.baseAddress)
      }
      initialized = count
    }
  }

  /// One value per output channel, each group's followed by zeros up to a whole unit of channels.
  func padded<Sum: ExpressibleByIntegerLiteral>(_ initial: [Sum]) -> [Sum] {
    let gap = [Sum](repeating: 0, count: layout.group_channels - layout.group_outputs)
    return (0..<layout.groups).flatMap { group in
      initial[group * layout.group_outputs..<(group + 1) * layout.group_outputs] + gap
    }
  }

  var panelPointer: UnsafeMutablePointer<octet_convolution_panel> { panels.elements(octet_convolution_panel.self) }

  /// Points the plan to these weights.
  func install(in plan: UnsafeMutablePointer<octet_convolution_plan>) {
    plan.pointee.layout = layout
    plan.pointee.panels = UnsafePointer(panelPointer)
    plan.pointee.weights = UnsafePointer(bytes.elements(UInt8.self))
  }
}
