internal import Domain

/// Somebody who listens to every chat, on one node after the other, and resumes where they were.
struct SimulatedSocket {
    /// Nil while it looks for another one.
    var node: Int?
    /// The last event it got of each chat.
    var cursors: [Offset]
}

extension Simulation {
    /// A socket connects to some node and resumes: what it missed comes from the stores as far as no redo covers it, and
    /// beyond that from what the node has passed on.
    mutating func connect(_ socket: Int) throws(Violation) {
        let node = random.pick(0...nodes.count - 1)
        guard nodes[node].isUp, nodes[node].stoppedUntil <= now else {
            return queue.add(.connect(socket), at: now + random.pick(10...200))
        }
        sockets[socket].node = node
        for index in postgres.chats.indices {
            let stream = nodes[node].streams[index]
            let head = postgres.announcedHead(of: index)
            let cursor = sockets[socket].cursors[index]
            guard cursor < max(head, stream.delivered) else { continue }
            guard stream.delivered <= head || stream.startedAt <= head else {
                throw Violation(.deliveredOnceInOrder, "chat \(index + 1): nobody has what follows \(head)")
            }
            for number in cursor.rawValue + 1...max(head, stream.delivered).rawValue {
                try deliver(Offset(rawValue: number), of: index, to: socket)
            }
        }
    }

    /// A node passes an event on to its sockets.
    mutating func deliver(_ offset: Offset, of index: Int, from node: Int) throws(Violation) {
        for socket in sockets.indices where sockets[socket].node == node {
            // It may have come from the stores already.
            guard offset > sockets[socket].cursors[index] else { continue }
            try deliver(offset, of: index, to: socket)
        }
    }

    private mutating func deliver(_ offset: Offset, of index: Int, to socket: Int) throws(Violation) {
        let cursor = sockets[socket].cursors[index]
        guard offset == cursor.next else {
            throw Violation(.deliveredOnceInOrder, "chat \(index + 1): event \(offset) after \(cursor)")
        }
        try check(announced: ChatID(rawValue: Int64(index + 1)), offset)
        sockets[socket].cursors[index] = offset
    }

    /// The sockets of a node that is gone.
    mutating func disconnect(from node: Int) {
        for socket in sockets.indices where sockets[socket].node == node {
            sockets[socket].node = nil
            queue.add(.connect(socket), at: now + random.pick(1...500))
        }
    }
}
