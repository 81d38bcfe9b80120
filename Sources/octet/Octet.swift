@main
struct Octet {
  static func main() {}
}
