/// Rows of text in aligned columns.
struct Table: Sendable {
    private var rows: [[String]]

    /// A table with these headings.
    init(_ headings: [String]) { rows = [headings] }

    /// Adds a row; the first column is set to the left, the others to the right.
    mutating func add(_ row: [String]) { rows.append(row) }

    /// The lines, headings first, then a rule.
    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        var lines = rows.map { row in
            row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }
        lines.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "), at: 1)
        return lines.joined(separator: "\n")
    }
}
