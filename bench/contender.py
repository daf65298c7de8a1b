"""A contender: a process that runs one workload when it is asked to, and is stopped while others run."""
import os, select, signal, statistics, subprocess, tempfile, time

TURN = 0.1  # seconds: a turn repeats what is shorter


class Failed(Exception):
    """Why a contender did not run, or not to the end."""


class Contender:
    """One that waits is stopped: it takes no processor time, however its threads wait. Nor does it use a GPU, where its last repetition is
    finished: it only keeps its memory there."""

    def __init__(self, name, command, environment, patience, waits=False):
        """waits: it loads its libraries, and does nothing else before a line of its input: so that it may be started while others run."""
        self.name, self.patience, self.waits, self.times = name, patience, waits, []
        self.complaints = tempfile.TemporaryFile("w+")
        # In a process group of its own: should compare be killed, the kernel ends stopped groups without a parent.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints, text=True, bufsize=1,
                                        env=environment, preexec_fn=os.setpgrp)

    def begin(self):
        """Until it is ready for its turns."""
        try:
            if self.waits: self.ask()
            self.network = self.answer().removeprefix("ready").strip()  # the number of its parameters, and the shape of its input
            self.repeat()  # the third repetition: what records a CUDA graph does so in the first three
        except BaseException:
            self.end()
            raise
        self.pause()

    def answer(self):
        if not select.select([self.process.stdout], [], [], self.patience)[0]: raise Failed(f"no answer for {self.patience:.0f} s")
        line = self.process.stdout.readline()
        if line: return line
        self.complaints.seek(0)
        raise Failed(self.complaints.read().strip()[-2000:] or f"ended with status {self.process.wait()}")

    def ask(self):
        try:
            self.process.stdin.write("\n")
        except BrokenPipeError:
            pass  # it has ended, and the answer says why

    def repeat(self):
        self.ask()
        line = self.answer()
        try:
            return float(line)
        except ValueError:
            raise Failed(f"answered '{line.strip()}' instead of milliseconds") from None

    def turn(self):
        """One repetition where it is long; else several after one that is not counted, since the others had the caches. Their median."""
        os.killpg(self.process.pid, signal.SIGCONT)
        times = [self.repeat()]
        if times[0] < TURN * 1e3:
            times, start = [], time.monotonic()
            while not times or time.monotonic() - start < TURN: times.append(self.repeat())
        self.pause()
        self.times.append(statistics.median(times))

    def pause(self):
        os.killpg(self.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def end(self):
        """With the processes that it started: torch.compile has compilers of its own."""
        if self.process.returncode is not None: return  # it ended before, and its number may be another's by now
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
