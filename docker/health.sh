#!/usr/bin/env bash
# Succeeds if JupyterLab answers, takes its token, and has the kernel.
set -euo pipefail

export JUPYTER_RUNTIME_DIR=$SSLKIT_HOME/jupyter/runtime
exec "$SSLKIT_HOME/venv/bin/python" - <<'PYTHON'
import json
import sys
import urllib.request

from jupyter_server.serverapp import list_running_servers


def kernels(server):
    url = f"http://127.0.0.1:{server['port']}{server['base_url']}api/kernelspecs"
    request = urllib.request.Request(url, headers={"Authorization": f"token {server['token']}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)["kernelspecs"]


problem = "no JupyterLab is running"
for server in list_running_servers():
    try:
        if "sslkit" in kernels(server):
            sys.exit(0)
        problem = "JupyterLab does not know the kernel sslkit"
    except (OSError, ValueError, KeyError) as error:
        problem = f"JupyterLab on port {server['port']}: {error}"
sys.exit(problem)
PYTHON
