/// The memory of other processes on this machine, as the kernel counts it.
enum ProcessMemory {
    /// Resident bytes of a process.
    ///
    /// - Throws: `system` where there is no such process or it tells nothing.
    static func residentBytes(of process: Int) throws(LoadError) -> Int {
        let status = String(decoding: try Files.read("/proc/\(process)/status"), as: UTF8.self)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({
                Int($0)
            })
        else { throw LoadError(.system, "process \(process) shows no resident memory") }
        return kibibytes * 1024
    }
}
