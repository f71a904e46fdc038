// The two functions that libFuzzer, which brings the main program, calls.

import Fuzz
import Glibc

nonisolated(unsafe) private var target: FuzzTarget?

/// Takes the target's name from FUZZ_TARGET, once, before the first input.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ argumentCount: UnsafeMutablePointer<CInt>?,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
    let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let named = FuzzTarget.named(name) else {
        print("FUZZ_TARGET must be one of: \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
        exit(2)
    }
    unsafe target = named
    return 0
}

/// Checks one input; a finding ends the process, and libFuzzer keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    do {
        try unsafe target?.check(input)
    } catch {
        print("finding: \(error)")
        fflush(nil)
        abort()
    }
    return 0
}
