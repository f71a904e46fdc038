#!/usr/bin/env python3
"""Follows a chat, and says what it is told to: chat.py http://127.0.0.1:8080 USERNAME PASSWORD CHAT [TEXT ...]"""
import asyncio, json, random, sys, time, urllib.request, uuid
import websockets  # Debian: python3-websockets


class Client:
    def __init__(self, server, username, password):
        self.server, self.epoch, self.cursors = server, None, {}
        self.unsent = {}  # by client_msg_id, in order: kept until the server has acknowledged them
        self.take_tokens("/auth/login", {"username": username, "password": password})

    def take_tokens(self, path, fields):
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.server + "/api/v1" + path, json.dumps(fields).encode(), headers)
        self.tokens = json.load(urllib.request.urlopen(request, timeout=15))
        self.renewal = time.monotonic() + self.tokens["expires_in"] * 0.8

    async def run(self, on_event):
        self.delay = 0.5
        while True:
            code = None
            try:
                if time.monotonic() > self.renewal:  # a refresh token is good once
                    self.take_tokens("/auth/refresh", {"refresh_token": self.tokens["refresh_token"]})
                url = self.server.replace("http", "ws", 1) + "/api/v1/ws" + ("?resume=1" if self.epoch else "")
                protocols = ["duologue.v1", "bearer." + self.tokens["access_token"]]
                async with websockets.connect(url, subprotocols=protocols, max_size=2**24) as socket:
                    async for text in socket:
                        await self.receive(socket, json.loads(text), on_event)
            except websockets.ConnectionClosed as error:
                code = error.rcvd and error.rcvd.code
            except (OSError, asyncio.TimeoutError, websockets.WebSocketException) as error:
                code = getattr(error, "status_code", getattr(error, "code", None))
            if code in (403, 4003, 4010):
                sys.exit(f"the server ended the session: {code}")
            if code in (401, 4001):
                self.renewal = 0
            await asyncio.sleep(random.uniform(0, self.delay))  # full jitter, so that not all clients return at once
            self.delay = min(self.delay * 2, 30)

    async def receive(self, socket, frame, on_event):
        kind = frame["type"]
        if kind == "hello" and self.epoch:
            await socket.send(json.dumps({"type": "resume", "epoch": self.epoch, "cursors": self.cursors}))
        elif kind == "ready":
            if not self.epoch:
                self.cursors = {str(chat["chat_id"]): chat["last_offset"] for chat in frame["chats"]}
                await self.begin(socket)
            self.epoch = frame["epoch"]
        elif kind == "resumed":
            # More was missed in these than is told one by one: a real client fetches their messages anew.
            self.cursors |= {str(chat["chat_id"]): chat["last_offset"] for chat in frame["chats"] if "reset" in chat}
            await self.begin(socket)
        elif kind == "ack":
            self.unsent.pop(frame.get("id"), None)
        elif kind == "error":
            print(frame["code"], frame["detail"], file=sys.stderr)
            if not frame["retryable"]:
                self.unsent.pop(frame.get("id"), None)
        elif "offset" in frame:
            chat, offset = str(frame["chat_id"]), frame["offset"]
            if offset > self.cursors.get(chat, offset - 1) + 1:
                await socket.close()  # a hole: the next connection resumes before it
            elif offset > self.cursors.get(chat, 0):
                self.cursors[chat] = offset
                on_event(frame)

    async def begin(self, socket):
        self.delay = 0.5
        for id, fields in self.unsent.items():
            await socket.send(json.dumps({"type": "message", "id": id, "client_msg_id": id, **fields}))


client = Client(*sys.argv[1:4])
client.unsent = {str(uuid.uuid4()): {"chat_id": int(sys.argv[4]), "content": text} for text in sys.argv[5:]}
asyncio.run(client.run(lambda event: print(event["type"], event["offset"], event.get("message", {}).get("content"), flush=True)))
