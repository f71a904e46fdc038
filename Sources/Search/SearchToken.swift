/// A word of a text, as it is indexed.
package struct SearchToken: Sendable, Equatable {
    /// What it was made from.
    package enum Kind: Sendable {
        /// A run of letters, digits and marks.
        case word
        /// Two neighbours of a script that writes no spaces.
        case pair
        /// The last character of a run of such a script, by itself, so that it is found like the others: as what a word begins with.
        case tail
        /// A character of such a script that stands alone.
        case single
        /// An emoji or another symbol.
        case symbol
    }

    /// Folded.
    package var text: String
    package var kind: Kind
    /// Its number in the text, from 1, without holes.
    package var position: Int
    /// Where it is, in Unicode scalars of the text.
    package var range: Range<Int>
}
