package import OctetGraph
package import OctetOperators
import OctetTensor

/// The layers that models are made of, with the attributes that tests vary.
extension GraphBuilder {
  package func fakeQuantize(
    _ x: Value, _ low: Double, _ high: Double, levels: Int = 256, name: String? = nil
  ) throws(OperatorError) -> Value {
    let (low, high) = (try scalar(low), try scalar(high))
    return try add(FakeQuantize(levels: levels), x, low, high, low, high, name: name)
  }

  /// A signed range whose zero point is 128: −128 steps to 127 steps.
  package func signed(_ x: Value, reach: Double) throws(OperatorError) -> Value {
    try fakeQuantize(x, -reach, reach / 128 * 127)
  }

  /// Input and output ranges per index of axis 1 of a tensor of rank `rank`.
  package func fakeQuantize(
    _ x: Value, low: [Double], high: [Double], rank: Int = 4, levels: Int = 256
  ) throws(OperatorError) -> Value {
    let shape = Shape(valid: [1, low.count] + [Int](repeating: 1, count: rank - 2))
    let (low, high) = (try constant(low, shape), try constant(high, shape))
    return try add(FakeQuantize(levels: levels), x, low, high, low, high)
  }

  package func convolution(
    _ x: Value, _ weights: Value, rank: Int = 2, strides: Int = 1, pads: Int = 0, dilations: Int = 1,
    grouped: Bool = false, name: String? = nil
  ) throws(OperatorError) -> Value {
    func all(_ value: Int) -> [Int] { [Int](repeating: value, count: rank) }
    let window = try SpatialWindow(
      strides: all(strides), dilations: all(dilations), padsBegin: all(pads), padsEnd: all(pads))
    return try add(Convolution(window: window, isGrouped: grouped), x, weights, name: name)
  }

  /// A convolution with weights as NNCF stores them, and a bias.
  package func int8Convolution(
    _ x: Value, inputs: Int, outputs: Int, kernel: Int = 3, strides: Int = 1, pads: Int? = nil, name: String? = nil
  ) throws(OperatorError) -> Value {
    let weights = try int8Weights(Shape(valid: [outputs, inputs, kernel, kernel]))
    let y = try convolution(x, weights, strides: strides, pads: pads ?? kernel / 2, name: name)
    return try bias(y, channels: outputs)
  }

  package func depthwise(_ x: Value, channels: Int, strides: Int = 1) throws(OperatorError) -> Value {
    let weights = try int8Weights([channels, 1, 1, 3, 3])
    return try bias(try convolution(x, weights, strides: strides, pads: 1, grouped: true), channels: channels)
  }

  package func bias(_ x: Value, channels: Int, rank: Int = 4) throws(OperatorError) -> Value {
    let shape = Shape(valid: [1, channels] + [Int](repeating: 1, count: rank - 2))
    return try add(Add(), x, try randomConstant(shape))
  }

  package func pooling(
    _ kernel: Int, strides: Int = 1, pads: Int = 0, rank: Int = 2, rounding: SpatialWindow.Rounding = .floor
  ) throws(OperatorError) -> PoolingWindow {
    func all(_ value: Int) -> [Int] { [Int](repeating: value, count: rank) }
    let window = try SpatialWindow(
      strides: all(strides), dilations: all(1), padsBegin: all(pads), padsEnd: all(pads), rounding: rounding)
    return try PoolingWindow(kernel: all(kernel), window: window)
  }

  package func maxPool(_ x: Value, _ kernel: Int, strides: Int = 1, pads: Int = 0) throws(OperatorError) -> Value {
    try add(MaxPool(pooling: pooling(kernel, strides: strides, pads: pads), indexType: nil), x)
  }

  package func averagePool(_ x: Value, _ kernel: Int, strides: Int = 1) throws(OperatorError) -> Value {
    try add(AvgPool(pooling: pooling(kernel, strides: strides), excludesPadding: true), x)
  }

  package func concat(_ parts: [Value], axis: Int = 1) throws(OperatorError) -> Value {
    Value(try addNode(Concat(axis: axis), parts))
  }

  package func reshape(_ x: Value, _ pattern: [Int]) throws(OperatorError) -> Value {
    try add(Reshape(specialZero: true), x, try integers(pattern))
  }

  package func transpose(_ x: Value, _ order: [Int]) throws(OperatorError) -> Value {
    try add(Transpose(), x, try integers(order))
  }

  package func mean(_ x: Value, axes: [Int] = [2, 3], keepsAxes: Bool = true) throws(OperatorError) -> Value {
    try add(ReduceMean(keepsAxes: keepsAxes), x, try integers(axes))
  }
}
