package import OctetGraph
package import OctetKernels
import OctetOperators
package import OctetRuntime
import OctetTensor

/// Turns a graph of fixed shapes into steps over one arena.
///
/// Every node lowers itself; the planner gives it operands in the layout that it asks for, inserting changes of layout,
/// and afterwards packs all intermediate tensors into as little memory as their lifetimes allow.
package struct Planner {
  private let graph: Graph
  private let cpu: CPU
  private let weights: PackedWeightsCache
  private let memoryLimit: MemoryLimit
  private let concatenations: ConcatPlacement
  private var buffers = BufferTable()
  private var steps: [PlannedStep] = []
  private var layers: [LayerDescription] = []

  package static func plan(
    _ graph: Graph, cpu: CPU, weights: PackedWeightsCache, memoryLimit: MemoryLimit
  ) throws(ModelError) -> ExecutionPlan {
    try planWithOrigins(graph, cpu: cpu, weights: weights, memoryLimit: memoryLimit).plan
  }

  /// The plan, and for each of its steps the node that it computes: nil for changes of layout.
  static func planWithOrigins(
    _ graph: Graph, cpu: CPU, weights: PackedWeightsCache, memoryLimit: MemoryLimit = .physical
  ) throws(ModelError) -> (plan: ExecutionPlan, origins: [StepOrigin?]) {
    var planner = Planner(graph, cpu: cpu, weights: weights, memoryLimit: memoryLimit)
    for (index, id) in graph.inputs.enumerated() { try planner.addInput(id, index: index) }
    for id in graph.topologicalOrder { try planner.add(graph.node(id)) }
    for index in graph.outputs.indices { try planner.addOutput(index) }
    return (try planner.finish(), planner.steps.map(\.origin))
  }

  private init(_ graph: Graph, cpu: CPU, weights: PackedWeightsCache, memoryLimit: MemoryLimit) {
    self.graph = graph
    self.cpu = cpu
    self.weights = weights
    self.memoryLimit = memoryLimit
    concatenations = ConcatPlacement(graph)
  }

  // MARK: - Nodes

  private mutating func addInput(_ id: NodeID, index: Int) throws(ModelError) {
    let type = graph.node(id).type
    buffers.define(
      Value(id), Form(view: TensorView(type.elementType, try fixed(type, id), .planar), place: .input(index)))
  }

  private mutating func add(_ node: Node) throws(ModelError) {
    switch node.op {
    case is Parameter: return
    case let constant as Constant:
      let view = TensorView(constant.tensor.elementType, constant.tensor.shape, .planar)
      buffers.define(node.value, Form(view: view, place: .constant(constant.tensor.storage)))
    case is Concat where concatenations.isPlaced(node.id): try join(node)
    default: try lower(node)
    }
  }

  private mutating func lower(_ node: Node) throws(ModelError) {
    let isEmpty = node.types.allSatisfy { $0.shape.fixed?.elementCount == 0 }
    if isEmpty { return try addEmptyResults(of: node) }
    let site = LoweringSite(
      operands: graph.operands(of: node), results: node.types,
      available: node.operands.map { buffers.forms(of: $0).map(\.view) },
      resultPixelStrides: node.types.indices.map { concatenations.pixelStride(of: Value(node.id, $0)) },
      modelOutputs: Set(node.types.indices.filter { graph.isOutput(Value(node.id, $0)) }), cpu: cpu, weights: weights)
    let primitive: any Primitive
    do throws(OperatorError) {
      primitive = try node.op.lower(site)
      if primitive is ReferencePrimitive { try memoryLimit.check(node.types) }
    } catch {
      throw .model("layer '\(node.name)' (\(node.layerType)): \(error.description)")
    }

    let operands = try node.operands.indices.map { index throws(ModelError) in
      guard let view = site.requestedOperands[index] else { return Place.unused }
      return try form(of: node.operands[index], matching: view, for: node).place
    }
    if primitive is Alias, site.viewOffsets.count == node.types.count, case .region(let region, let start) = operands[0]
    {
      for (index, view) in site.declaredResults {
        let place = Place.region(region, offset: start + (site.viewOffsets[index] ?? 0))
        buffers.define(Value(node.id, index), Form(view: view, place: place))
      }
      return
    }
    if primitive is Alias, let view = site.declaredResults[0], let source = operands.first, !mustCopy(source, node) {
      buffers.define(node.value, Form(view: view, place: source))
      return
    }
    try addStep(primitive is Alias ? copy(node, site) : primitive, node, operands, site)
  }

  /// Nothing runs for results without elements, such as those of a detector that found nothing.
  private mutating func addEmptyResults(of node: Node) throws(ModelError) {
    for (index, type) in node.types.enumerated() {
      let view = TensorView(type.elementType, try fixed(type, node.id), .planar)
      let form = Form(view: view, place: .region(buffers.newRegion(byteCount: 0), offset: 0))
      buffers.define(Value(node.id, index), form)
    }
  }

  /// Model outputs and parts of concatenations have places of their own, inputs and constants cannot become them.
  private func mustCopy(_ source: Place, _ node: Node) -> Bool {
    if concatenations.slot(of: node.value) != nil { return true }
    if case .region = source { return false }
    return graph.isOutput(node.value)
  }

  private func copy(_ node: Node, _ site: LoweringSite) -> any Primitive {
    let bytes = node.type.shape.fixed.flatMap { node.type.elementType.byteCount(of: $0.elementCount) } ?? 0
    return ReorderPrimitive(Reorder(rows: 1, bytes: bytes, sourceStride: bytes, destinationStride: bytes, cpu: cpu))
  }

  private mutating func addStep(
    _ primitive: any Primitive, _ node: Node, _ operands: [Place], _ site: LoweringSite
  ) throws(ModelError) {
    var results: [Place] = []
    for index in node.types.indices {
      let value = Value(node.id, index)
      let type = node.types[index]
      let view: TensorView
      if let declared = site.declaredResults[index] {
        view = declared
      } else {
        view = TensorView(type.elementType, try fixed(type, node.id), .planar)
      }
      let place = place(for: value, view)
      buffers.define(value, Form(view: view, place: place))
      results.append(place)
    }
    let layer = layers.count
    layers.append(LayerDescription(node, kernel: primitive.kernelName, in: graph))
    let furtherLayers = node.op.furtherLayers(graph.operands(of: node))
    layers += zip(furtherLayers, primitive.furtherKernelNames).map { LayerDescription($0, kernel: $1) }
    steps.append(
      PlannedStep(
        primitive: primitive, operands: operands, results: results, layer: layer,
        saturation: SaturationProbe(node, site.declaredResults[0]),
        origin: StepOrigin(
          node: node, operands: node.operands.indices.map { site.requestedOperands[$0] },
          results: results.indices.map { site.declaredResults[$0] })))
  }

  /// Channels-last parts of a concatenation go where the whole is; everything else gets memory of its own.
  private mutating func place(for value: Value, _ view: TensorView) -> Place {
    if view.layout == .channelsLast, let slot = concatenations.slot(of: value) {
      return .region(buffers.region(of: slot.concatenation), offset: slot.byteOffset)
    }
    return .region(buffers.newRegion(byteCount: view.spanBytes), offset: 0)
  }

  // MARK: - Layouts

  /// A form of the value with this view: one that exists, or a new one made by a change of layout.
  private mutating func form(of value: Value, matching view: TensorView, for node: Node) throws(ModelError) -> Form {
    let forms = buffers.forms(of: value)
    if let form = forms.first(where: { $0.view == view }) { return form }
    guard let source = forms.first else { throw .model("layer '\(node.name)' reads a value before it is computed") }
    if case .constant(let storage) = source.place {
      let form = Form(view: view, place: .constant(reordered(storage, source.view, view)))
      buffers.define(value, form)
      return form
    }
    let form = Form(view: view, place: .region(buffers.newRegion(byteCount: view.spanBytes), offset: 0))
    try reorder(source, to: form, after: graph.producer(of: value))
    buffers.define(value, form)
    return form
  }

  /// Constants change their layout once, now.
  private func reordered(_ storage: TensorStorage, _ source: TensorView, _ destination: TensorView) -> TensorStorage {
    let result = TensorStorage(byteCount: destination.spanBytes)
    Reorder(
      LayoutChange(from: source, to: destination), elementSize: source.elementType.bitWidth / 8, cpu: cpu
    ).run(storage.base, into: result.base, team: WorkerTeam(threads: 1))
    return result
  }

  private mutating func reorder(_ source: Form, to destination: Form, after node: Node) throws(ModelError) {
    if source.view.shape.elementCount == 0 { return }
    guard source.view.elementType.isByteAddressable else {
      throw .model("layer '\(node.name)': tensors of \(source.view.elementType) cannot change their layout")
    }
    let kernel = Reorder(
      LayoutChange(from: source.view, to: destination.view), elementSize: source.view.elementType.bitWidth / 8, cpu: cpu
    )
    layers.append(
      LayerDescription(
        name: "\(node.name)/reorder", operatorName: "Reorder", precision: source.view.elementType.precisionName,
        kernel: kernel.kernelName, fused: [], reason: nil, macs: 0))
    steps.append(
      PlannedStep(
        primitive: ReorderPrimitive(kernel), operands: [source.place], results: [destination.place],
        layer: layers.count - 1, saturation: nil, origin: nil))
  }

  // MARK: - Concatenation and outputs

  /// A concatenation of channels: operands that were written in place are there already, others are copied.
  private mutating func join(_ node: Node) throws(ModelError) {
    let shape = try fixed(node.type, node.id)
    let stride = concatenations.pixelStride(of: node.value)
    let view = TensorView(node.type.elementType, shape, .channelsLast, pixelStride: stride)
    let whole = place(for: node.value, view, joining: node.id)
    var channel = 0
    for operand in node.operands {
      guard let source = buffers.forms(of: operand).first, let region = whole.region else { continue }
      let width = view.elementType.bitWidth / 8
      let target = Place.region(region.id, offset: region.offset + channel * width)
      channel += source.view.channels
      if source.place == target { continue }
      let part = TensorView(view.elementType, source.view.shape, .channelsLast, pixelStride: view.pixelStride)
      try reorder(source, to: Form(view: part, place: target), after: node)
    }
    buffers.define(node.value, Form(view: view, place: whole))
  }

  private mutating func place(for value: Value, _ view: TensorView, joining node: NodeID) -> Place {
    if let slot = concatenations.slot(of: value) {
      return .region(buffers.region(of: slot.concatenation), offset: slot.byteOffset)
    }
    let region = buffers.region(of: node)
    buffers.grow(region, to: view.spanBytes)
    return .region(region, offset: 0)
  }

  /// The value becomes output `index`: its own memory if nobody else's, else a copy.
  private mutating func addOutput(_ index: Int) throws(ModelError) {
    let value = graph.outputs[index].value
    let node = graph.producer(of: value)
    let forms = buffers.forms(of: value)
    guard let source = forms.first(where: { $0.view.layout == .planar && $0.view.isDense }) ?? forms.first else {
      throw .model("output '\(graph.outputs[index].name)' is never computed")
    }
    if source.view.layout == .planar, let region = source.place.region, region.offset == 0,
      buffers.assign(region.id, toOutput: index, byteCount: source.view.spanBytes)
    {
      return
    }
    let view = TensorView(source.view.elementType, source.view.shape, .planar)
    try reorder(source, to: Form(view: view, place: .output(index)), after: node)
  }

  // MARK: - The end

  private func fixed(_ type: TensorType, _ id: NodeID) throws(ModelError) -> Shape {
    guard let shape = type.shape.fixed else {
      throw .model("layer '\(graph.node(id).name)': the shape \(type.shape) depends on the values of the inputs")
    }
    return shape
  }

  private func finish() throws(ModelError) -> ExecutionPlan {
    let memory = MemoryPlanner.plan(steps, buffers)
    let scratchByteCount = steps.map(\.primitive.scratchByteCount).max() ?? 0
    try memoryLimit.check(memory.byteCount + buffers.outputByteCount + scratchByteCount)
    func ports(_ values: [Value]) throws(ModelError) -> [(elementType: ElementType, shape: Shape)] {
      var ports: [(elementType: ElementType, shape: Shape)] = []
      for value in values {
        let type = graph.type(of: value)
        ports.append((type.elementType, try fixed(type, value.node)))
      }
      return ports
    }
    return ExecutionPlan(
      inputs: try ports(graph.inputs.map { Value($0) }), outputs: try ports(graph.outputs.map(\.value)),
      steps: steps.map { step in
        Step(
          primitive: step.primitive, operands: step.operands.map(memory.reference),
          results: step.results.map(memory.reference),
          layer: step.layer, saturation: step.saturation)
      }, layers: layers, arenaByteCount: memory.byteCount)
  }
}
