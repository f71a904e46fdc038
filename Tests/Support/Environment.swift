internal import Glibc

/// A variable of the environment that tells tests where the stores are; nil where it is not set.
package func environment(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
}
