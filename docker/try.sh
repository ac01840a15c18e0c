#!/usr/bin/env bash
# Tries the JupyterLab of this container as a browser would: with its token it starts a kernel, runs a first cell and one
# that computes on the device, and prints what they print and how long they take.
#   docker compose exec lab docker/try.sh
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export JUPYTER_RUNTIME_DIR=$SSLKIT_HOME/jupyter/runtime
exec "$SSLKIT_HOME/venv/bin/python" - <<'PYTHON'
import asyncio
import json
import pathlib
import sys
import time
import uuid

from jupyter_server.serverapp import list_running_servers
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

# What `make doctor` runs to see which device a cell computes on.
DEVICE = pathlib.Path("kernel/install/doctor/cells/device.txt").read_text()


async def main():
    server = next(iter(list_running_servers()))
    address = f"127.0.0.1:{server['port']}{server['base_url']}api/kernels"
    headers = {"Authorization": f"token {server['token']}"}
    new = HTTPRequest(f"http://{address}", "POST", headers, json.dumps({"name": "sslkit"}), request_timeout=60)
    kernel = json.loads((await AsyncHTTPClient().fetch(new)).body)["id"]
    socket = await websocket_connect(HTTPRequest(f"ws://{address}/{kernel}/channels", headers=headers))
    try:
        for cell in ['fmt.Println("the first cell")', DEVICE]:
            await run(socket, cell)
    finally:
        await AsyncHTTPClient().fetch(HTTPRequest(f"http://{address}/{kernel}", "DELETE", headers))


async def run(socket, cell):
    start, id = time.monotonic(), uuid.uuid4().hex
    header = {"msg_id": id, "msg_type": "execute_request", "username": "", "session": "try", "version": "5.3"}
    content = {"code": cell, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    await socket.write_message(json.dumps(message))
    while True:
        answer = json.loads(await asyncio.wait_for(socket.read_message(), 120))
        if answer["parent_header"].get("msg_id") != id:
            continue
        kind, content = answer["header"]["msg_type"], answer["content"]
        if kind == "stream":
            print(content["text"], end="")
        elif kind == "execute_reply" and content["status"] != "ok":
            sys.exit("\n".join(content["traceback"]))
        elif kind == "status" and content["execution_state"] == "idle":
            print(f"done after {time.monotonic() - start:.1f} s")
            return


asyncio.run(main())
PYTHON
