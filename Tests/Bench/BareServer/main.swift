import Foundation
import Hummingbird

// What the framework can do at most: one route, 16 KiB, nothing else. `Tests/Bench/server.py` measures the server of
// tiles against it.
let body = ByteBuffer(bytes: (0..<16_384).map { _ in UInt8.random(in: 0...255) })
let router = Router()
router.get("bare") { _, _ in
  Response(
    status: .ok, headers: [.contentType: "application/octet-stream"], body: ResponseBody(byteBuffer: body))
}
let application = Application(
  router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
  onServerRunning: { channel in
    FileHandle.standardOutput.write(Data("http://127.0.0.1:\(channel.localAddress?.port ?? 0)/\n".utf8))
  })
try await application.runService()
