import COctetKernels

/// Weights packed for the kernels of one list, and what taming took from them.
final class WeightPacking {
  let layout: octet_weight_layout
  let bytes: KernelMemory
  private let panels: KernelMemory
  private var taming: Taming?

  /// Outliers, and where each panel's begin among them.
  private final class Taming {
    let outliers: KernelMemory
    let starts: KernelMemory

    init(outlierCount: Int, panelCount: Int) {
      outliers = KernelMemory(byteCount: outlierCount * MemoryLayout<octet_outlier>.stride)
      starts = KernelMemory(byteCount: (panelCount + 1) * MemoryLayout<Int>.stride)
    }
  }

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

  /// The fastest exact packing of s8 weights.
  static func quantized(
    _ weights: UnsafeRawBufferPointer, _ geometry: ConvolutionGeometry, _ instructionSet: InstructionSet
  ) -> WeightPacking {
    let packing = WeightPacking(weights, geometry, octet_convolution_u8s8s32_kernels(), instructionSet)
    guard packing.layout.format == OCTET_WEIGHTS_PAIRS_S16 else { return packing }
    let tame = WeightPacking(weights, geometry, octet_convolution_u8s8s32_tame_kernels(), instructionSet)
    return tame.tame() ? tame : packing
  }

  /// Takes out of the weights what vpmaddubsw could not add, unless that is so much that widening is faster.
  private func tame() -> Bool {
    var layout = layout
    let count = octet_outlier_count(&layout, bytes.elements(UInt8.self))
    // An outlier costs about as much as a tame step of 16 channels saves.
    let steps = layout.groups * layout.runs * layout.steps * layout.group_channels / Int(OCTET_CHANNEL_UNIT)
    guard count <= steps / 2 else { return false }
    let taming = Taming(outlierCount: count, panelCount: layout.groups * layout.panel_count)
    octet_weights_tame(
      &layout, panelPointer, bytes.elements(UInt8.self), taming.outliers.elements(octet_outlier.self),
      taming.starts.elements(Int.self))
    self.taming = taming
    return true
  }

  var panelPointer: UnsafeMutablePointer<octet_convolution_panel> { panels.elements(octet_convolution_panel.self) }

  /// Points the plan to these weights.
  func install(in plan: UnsafeMutablePointer<octet_convolution_plan>) {
    plan.pointee.layout = layout
    plan.pointee.panels = UnsafePointer(panelPointer)
    plan.pointee.weights = UnsafePointer(bytes.elements(UInt8.self))
    plan.pointee.outliers = taming.map { UnsafePointer($0.outliers.elements(octet_outlier.self)) }
    plan.pointee.outlier_starts = taming.map { UnsafePointer($0.starts.elements(Int.self)) }
  }
}
