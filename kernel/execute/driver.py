"""Executes a notebook through its kernel and says what happens on standard output, one JSON object a line.

Exit status: 0 every cell is done, 1 a cell failed, 2 the kernel does not start.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import sys

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

# GoNB reports a cell whose process failed as a success, and how the process ended as one message on stderr.
BAD_END = re.compile(r"(\^C\n)?(exit status \d+|signal: .+)\n")


def tell(kind, **what):
    print(json.dumps({"kind": kind, **what}), flush=True)


class Client(NotebookClient):
    """Tells what a cell prints while it runs, and remembers how its process ended."""

    bad_end = ""
    errors = ""

    def process_message(self, msg, cell, cell_index):
        if msg["msg_type"] == "stream":
            text, name = msg["content"]["text"], msg["content"]["name"]
            if name == "stderr" and BAD_END.fullmatch(text):
                self.bad_end = text.strip()
            else:
                if name == "stderr":
                    self.errors += text
                tell("output", stream=name, text=text)
        return super().process_message(msg, cell, cell_index)

    async def run_cell(self, index):
        """Executes a cell and returns why it failed, or nothing."""
        cell = self.nb.cells[index]
        self.bad_end = self.errors = ""
        try:
            await self.async_execute_cell(cell, index)
        except CellExecutionError as error:
            return error.evalue or error.ename
        except CellTimeoutError:
            return f"the cell ran longer than {self.timeout} s"
        except DeadKernelError:
            return "the kernel died"
        if self.bad_end:
            cell.outputs.append(nbformat.v4.new_output("error", ename="Failed", evalue=self.bad_end, traceback=[self.bad_end]))
            return f"{self.bad_end}: {reason(self.errors)}".removesuffix(": ")
        return ""


def reason(errors):
    """The line of standard error that says why a Go program ended, the first of a panic or else the last."""
    lines = [line for line in errors.splitlines() if line.strip()]
    panics = [line for line in lines if line.startswith(("panic: ", "fatal error: "))]
    return (panics[:1] or lines[-1:] or [""])[0]


def make_client(notebook, options):
    specs = KernelSpecManager(kernel_dirs=[os.path.dirname(options.kernelspec)])
    manager = AsyncKernelManager(
        kernel_name=os.path.basename(options.kernelspec),
        kernel_spec_manager=specs,
        transport="ipc",  # GoNB sometimes finds a TCP port taken
        ip=os.path.join(options.temp, "zmq"),
        connection_file=os.path.join(options.temp, "connection.json"),
    )
    manager.kernel_spec.env["TMPDIR"] = options.temp
    return Client(notebook, km=manager, timeout=options.timeout, startup_timeout=60, coalesce_streams=True)


async def run(notebook, options):
    """Executes all cells up to the first that fails and returns the exit status."""
    task, stopped = asyncio.current_task(), False

    def stop():
        nonlocal stopped
        stopped = True
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)

    client = make_client(notebook, options)
    status = 2
    try:
        await client.async_start_new_kernel(cwd=options.directory)
        await client.async_start_new_kernel_client()
        status = 1
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            tell("cell", cell=index)
            if error := await client.run_cell(index):
                if stopped:
                    return 1
                tell("failed", text=error)
                return 1
            tell("done")
        status = 0
    except (OSError, RuntimeError) as error:
        tell("failed", text=str(error))
    finally:
        if client.km and client.km.has_kernel:
            await client.km.shutdown_kernel(now=status != 0)
        if client.kc:
            client.kc.stop_channels()
    return status


def write(path, text):
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("notebook")
    parser.add_argument("--kernelspec", required=True)
    parser.add_argument("--directory", required=True, help="in which cells run")
    parser.add_argument("--temp", required=True)
    parser.add_argument("--timeout", type=int, help="seconds a cell may take")
    parser.add_argument("--output")
    parser.add_argument("--html")
    options = parser.parse_args()

    notebook = nbformat.read(options.notebook, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    try:
        status = asyncio.run(run(notebook, options))
    except asyncio.CancelledError:
        status = 1
    if options.output:
        write(options.output, nbformat.writes(notebook) + "\n")
    if options.html:
        from nbconvert import HTMLExporter  # takes a second, so only when it is needed

        write(options.html, HTMLExporter(embed_images=True).from_notebook_node(notebook)[0])
    sys.exit(status)


main()
