/// A message that waits for its answer, and whoever waits with it.
struct QueuedMessage {
    let chat: DuologueClient.ChatID
    let draft: DuologueClient.Draft
    let pending: PendingMessage
}
