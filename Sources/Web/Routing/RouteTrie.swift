/// Finds the routes of a path by its segments: a literal goes before a parameter.
///
/// A value, filled once.
struct RouteTrie {
    private struct Node {
        var literals: [String: Int] = [:]
        var parameter: Int?
        /// The routes ending here, by method.
        var routes: [(method: HTTPMethod, index: Int)] = []
    }

    /// What a path leads to.
    struct Match {
        var routes: [(method: HTTPMethod, index: Int)]
        var values: [String]
    }

    private var nodes = [Node()]

    /// Adds the route with this index; `pattern` is split at its slashes, `{name}` is a parameter.
    mutating func insert(_ pattern: [Substring], method: HTTPMethod, index: Int) {
        var node = 0
        for segment in pattern {
            node = child(of: node, segment)
        }
        precondition(!nodes[node].routes.contains { $0.method == method }, "two routes with one method and pattern")
        nodes[node].routes.append((method, index))
    }

    /// The routes at the end of `path`, and the segments in the places of parameters.
    ///
    /// Empty and dot segments match no parameter.
    func find(_ path: [String]) -> Match? {
        var values: [String] = []
        guard let node = find(path[...], from: 0, values: &values) else { return nil }
        return Match(routes: nodes[node].routes, values: values)
    }

    private mutating func child(of node: Int, _ segment: Substring) -> Int {
        let isParameter = segment.hasPrefix("{")
        if let child = isParameter ? nodes[node].parameter : nodes[node].literals[String(segment)] { return child }
        nodes.append(Node())
        if isParameter {
            nodes[node].parameter = nodes.count - 1
        } else {
            nodes[node].literals[String(segment)] = nodes.count - 1
        }
        return nodes.count - 1
    }

    private func find(_ path: ArraySlice<String>, from node: Int, values: inout [String]) -> Int? {
        guard let segment = path.first else { return nodes[node].routes.isEmpty ? nil : node }
        let rest = path.dropFirst()
        if let literal = nodes[node].literals[segment], let found = find(rest, from: literal, values: &values) {
            return found
        }
        guard let parameter = nodes[node].parameter, !segment.isEmpty, segment != ".", segment != ".." else {
            return nil
        }
        values.append(segment)
        if let found = find(rest, from: parameter, values: &values) { return found }
        values.removeLast()
        return nil
    }
}
