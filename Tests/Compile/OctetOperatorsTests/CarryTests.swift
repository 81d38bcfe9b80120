import OctetGraph
import OctetOperators
import OctetTensor
import Testing

/// An operator that lets a dequantization of its first operand through, with its further operands.
struct Carrier: Sendable, CustomTestStringConvertible {
  let op: any Operator
  let shape: Shape
  let further: [Tensor]
  /// Whether scales of channels pass as well.
  let carriesChannels: Bool

  init(_ op: any Operator, _ shape: Shape, _ further: [Tensor] = [], carriesChannels: Bool = true) {
    self.op = op
    self.shape = shape
    self.further = further
    self.carriesChannels = carriesChannels
  }

  var testDescription: String { "\(op.name) \(op.attributes)" }
}

private func integers(_ values: Int64...) -> Tensor { Tensor(.i64, Shape(valid: [values.count]), elements: values) }
private func scalar(_ value: Int64) -> Tensor { Tensor(.i64, .scalar, elements: [value]) }

/// f(dequantize(q)) = dequantize(f(q)) is what `carry` promises.
@Suite struct CarryTests {
  static var carriers: [Carrier] {
    get throws {
      [
        Carrier(try Split(count: 2), [2, 4, 3], [scalar(1)]),
        Carrier(try Split(count: 3), [2, 4, 3], [scalar(-1)]),
        Carrier(VariadicSplit(), [2, 4, 3], [scalar(1), integers(1, -1)]),
        Carrier(
          Slice(), [2, 4, 5], [integers(1), integers(4), integers(2), integers(2)]),
        Carrier(Slice(), [2, 4, 5], [integers(3), integers(0), integers(-1), integers(1)]),
        Carrier(
          Gather(batchAxes: 0, wrapsNegatives: true), [2, 4, 3], [integers(-1, 0), scalar(1)]),
        Carrier(Gather(batchAxes: 0, wrapsNegatives: true), [2, 4, 3], [scalar(1), scalar(2)]),
        Carrier(Tile(), [2, 4, 3], [integers(2, 1, 2)]),
        Carrier(Broadcast(mode: .numPy), [2, 4, 1], [integers(2, 4, 3)]),
        Carrier(Pad(mode: .edge), [1, 4, 3], [integers(0, 1, 1), integers(0, 0, 2)]),
        Carrier(Pad(mode: .reflect), [1, 4, 3], [integers(0, 1, 1), integers(0, 0, 2)]),
        Carrier(try DepthToSpace(blockSize: 2, mode: .blocksFirst), [1, 4, 2, 3]),
        Carrier(try SpaceToDepth(blockSize: 2, mode: .depthFirst), [1, 4, 2, 4]),
        Carrier(BatchToSpace(), [4, 4, 3], [integers(1, 1, 2), integers(0, 0, 1), integers(0, 0, 0)]),
        Carrier(try ShuffleChannels(axis: 1, groups: 2), [2, 4, 3]),
        Carrier(Reverse(mode: .index), [2, 4, 3], [integers(1)]),
        Carrier(ReverseSequence(batchAxis: 0, sequenceAxis: 1), [2, 4, 3], [integers(3, 1)]),
        Carrier(Roll(), [2, 4, 3], [integers(1), integers(2)]),
        Carrier(Transpose(), [2, 4, 3], [integers(2, 0, 1)]),
        Carrier(
          try TopK(axis: -1, mode: .max, order: .value, indexType: .i32), [2, 4, 3], [scalar(2)],
          carriesChannels: false),
        Carrier(Reshape(specialZero: true), [2, 4, 3], [integers(0, -1)]),
        Carrier(Reshape(specialZero: true), [2, 4, 3], [integers(2, 2, 2, 3)]),
        Carrier(Squeeze(), [2, 4, 1], [integers(2)]),
        Carrier(Squeeze(), [1, 4, 1], [integers(0)]),
        Carrier(Unsqueeze(), [2, 4, 3], [integers(0)]),
        Carrier(
          try StridedSlice(beginMask: [1, 0], endMask: [1, 1]), [2, 4, 3],
          [integers(0, 3), integers(0, 0), integers(1, -2)]),
        Carrier(ReduceMax(keepsAxes: false), [2, 4, 3], [integers(0, 2)]),
        Carrier(ReduceMin(keepsAxes: true), [2, 4, 3], [integers(2)]),
        Carrier(ReduceMin(keepsAxes: true), [2, 4, 3], [integers(1)], carriesChannels: false),
        Carrier(
          try Interpolate(
            sampling: InterpolationSampling(
              mode: .nearest, coordinates: .asymmetric, rounding: .floor, antialias: false, cubeCoefficient: -0.75),
            shapeSource: .sizes(operand: 1), axesOperand: 2),
          [1, 4, 3], [integers(7), integers(2)]),
      ]
    }
  }

  private static let perTensor = Dequantization(scale: 0.25, zeroPoint: 7)
  private static let perChannel = Dequantization(scales: [0.5, 0.25, 2, 1], zeroPoints: [0, 3, 7, 250])

  @Test(arguments: try carriers)
  func oneScalePasses(_ carrier: Carrier) throws { try check(carrier, Self.perTensor) }

  @Test(arguments: try carriers.filter(\.carriesChannels))
  func scalesOfChannelsPass(_ carrier: Carrier) throws { try check(carrier, Self.perChannel) }

  @Test(arguments: try carriers.filter { !$0.carriesChannels })
  func scalesOfChannelsAreHeldBack(_ carrier: Carrier) throws {
    let q = Self.sample(carrier.shape)
    let operands = ([q] + carrier.further).map { Operand(type: $0.type, constant: $0) }
    let incoming = [Self.perChannel] + [Dequantization?](repeating: nil, count: carrier.further.count)
    #expect(carrier.op.carry(incoming, operands) == nil)
  }

  /// 0 stands for 0 only without a zero point.
  @Test func zerosPassOnlyWithoutZeroPoint() throws {
    let padding = Carrier(Pad(mode: .constant), [1, 4, 3], [integers(0, 1, 1), integers(0, 0, 2)])
    let spreading = Carrier(SpaceToBatch(), [1, 4, 3], [integers(1, 1, 2), integers(0, 0, 1), integers(0, 0, 0)])
    for carrier in [padding, spreading] {
      try check(carrier, Dequantization(scale: 0.25, zeroPoint: 0))
      let operands =
        [Operand(type: TensorType(.u8, carrier.shape))] + carrier.further.map { Operand(type: $0.type, constant: $0) }
      #expect(carrier.op.carry([Self.perTensor] + carrier.further.map { _ in nil }, operands) == nil)
    }
  }

  private func check(_ carrier: Carrier, _ incoming: Dequantization) throws {
    let q = Self.sample(carrier.shape)
    let operands = ([q] + carrier.further).map { Operand(type: $0.type, constant: $0) }
    // x is not known at load time: only what it is followed by is.
    let known = [Operand(type: q.type)] + operands.dropFirst()
    let outgoing = try #require(
      carrier.op.carry([incoming] + [Dequantization?](repeating: nil, count: carrier.further.count), known))
    let x = Tensor(.f32, carrier.shape, converting: Dequantize(incoming).apply(to: q))
    let expected = try carrier.op.evaluate([x] + carrier.further)
    let carried = try carrier.op.evaluate([q] + carrier.further)
    #expect(outgoing.count == expected.count)
    for (index, dequantization) in outgoing.enumerated() {
      let values = dequantization.map { Dequantize($0).apply(to: carried[index]) } ?? carried[index].doubles
      #expect(values == expected[index].doubles)
    }
  }

  private static func sample(_ shape: Shape) -> Tensor {
    Tensor(.u8, shape, elements: (0..<shape.elementCount).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) })
  }
}
