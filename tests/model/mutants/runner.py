"""Runs mutants: orderings through one process of `model_mutants`, guards by compiling the models anew."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from lists import LOG, ROOT, ListError

MODEL = ROOT / "tests/model"
HANGS_AFTER_S = 300


class Driver:
    """`model_mutants`, which learns what each model comes by and then takes mutants one by one."""

    def __init__(self, binary, arguments):
        self.process = subprocess.Popen(
            [str(binary), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.models = []
        while "ready" not in (line := self._read()):
            self.models.append(line)

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise ListError(f"model_mutants ended with status {self.process.wait()}")
        return json.loads(line)

    def sites(self):
        return sorted({site for model in self.models for site in model["sites"]})

    def run(self, name, changes):
        """`changes`: (place, order) pairs."""
        fields = [name, *(f"{place.site}={order}" for place, order in changes)]
        self.process.stdin.write("\t".join(fields) + "\n")
        self.process.stdin.flush()
        return self._read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Workshop:
    """A copy of include/ that guards are applied to, and what is compiled against it."""

    def __init__(self, directory, jobs):
        self.directory = directory
        self.include = directory / "include"
        self.jobs = jobs
        self.fixed = None
        self.ccache = ["ccache"] if shutil.which("ccache") else []
        shutil.rmtree(self.include, ignore_errors=True)
        shutil.copytree(ROOT / "include", self.include)
        stems = re.findall(r"> (\w+)_models\(\);", (MODEL / "catalogue.hpp").read_text())
        self.areas = [stem for stem in stems if (MODEL / f"{stem}_models.cpp").exists()]
        self.fixed_sources = [*sorted((MODEL / "checker").glob("*.cpp")), MODEL / "catalogue.cpp"]
        self.fixed_sources.append(MODEL / "mutants/model_mutants.cpp")
        self.kept_at = directory / "results.json"
        self.kept = json.loads(self.kept_at.read_text()) if self.kept_at.exists() else {}

    def _sources_of(self, area):
        """What an area's models need besides the checker: the files whose headers or models they name."""
        sources = []
        open_ends = [MODEL / f"{area}_models.cpp"]
        while open_ends:
            source = open_ends.pop()
            if source in sources or not source.exists():
                continue
            sources.append(source)
            texts = [path.read_text() for path in (source, source.with_suffix(".hpp")) if path.exists()]
            for stem in re.findall(r'#include "model/(\w+)[.]hpp"|\b(\w+_models)\(\)', "\n".join(texts)):
                if (name := "".join(stem)) != "catalogue":
                    open_ends.append(MODEL / f"{name}.cpp")
        return sorted(sources)

    def _digest(self, areas, bounds):
        """Of all that the result of running these areas depends on, comments in the headers aside."""
        digest = hashlib.sha256(repr(bounds).encode())
        for path in sorted((self.include / "sluice/log").glob("*.hpp")):
            digest.update(re.sub(r"//.*", "", path.read_text()).encode())
        for path in sorted({*self.fixed_sources, *(path for area in areas for path in self._sources_of(area))}):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def _compile(self, source):
        target = self.directory / (source.stem + ".o")
        command = [*self.ccache, os.environ.get("CXX", "g++"), "-std=c++20", "-O1", "-w"]
        command += [f"-I{self.include}", f"-I{ROOT / 'src'}", f"-I{ROOT / 'tests'}", "-c", str(source), "-o", str(target)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise ListError(f"{source.name} does not compile:\n{done.stderr[:3000]}")
        return target

    def run(self, guard, quick, most):
        """The result of the first area whose models kill the guard, or of the last."""
        header = self.include / "sluice/log" / guard.file
        original = (LOG / guard.file).read_text()
        header.write_text(guard.applied_to(original))
        try:
            return self._run_kept(guard, quick, most)
        except ListError as error:
            raise ListError(f"guards.txt: '{guard.key}': {error}") from error
        finally:
            header.write_text(original)

    def _run_kept(self, guard, quick, most):
        """As it came out the last time, unless something has changed since."""
        kept = self.kept.get(guard.key)
        if kept and kept["digest"] == self._digest(kept["areas"], (quick, most)):
            return kept["result"]
        schedules = 0
        result = {"killed_by": "", "failure": "", "schedules": 0}
        areas = self._areas_for(guard.file)
        for area in areas:
            result = self._run_area(area, quick, most)
            schedules += result["schedules"]
            if result["killed_by"]:
                areas = [area]
                break
        result["schedules"] = schedules
        self.kept[guard.key] = {"areas": areas, "digest": self._digest(areas, (quick, most)), "result": result}
        self.kept_at.write_text(json.dumps(self.kept, indent=1))
        return result

    def _areas_for(self, file):
        """Those that are about the header first."""
        first = {
            "gates.hpp": ["ring", "join", "drop"],
            "raiser.hpp": ["ring", "join", "drop"],
            "span_reader.hpp": ["span", "group", "drop"],
            "copy_gate.hpp": ["group"],
            "sleep.hpp": ["parking"],
            "final_tail.hpp": ["close"],
            "retirement.hpp": ["dispatch"],
            "start_line.hpp": ["dispatch"],
        }.get(file, [file.removesuffix(".hpp")])
        return sorted(self.areas, key=lambda area: first.index(area) if area in first else len(first))

    def _run_area(self, area, quick, most):
        with ThreadPoolExecutor(self.jobs) as pool:
            if self.fixed is None:
                self.fixed = list(pool.map(self._compile, self.fixed_sources))
            objects = [*self.fixed, *pool.map(self._compile, self._sources_of(area))]
        binary = self.directory / "mutant"
        subprocess.run([os.environ.get("CXX", "g++"), *map(str, objects), "-o", str(binary)], check=True)
        command = [str(binary), "--check", "--quick", str(quick), "--most", str(most)]
        running, last = "", {}
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=HANGS_AFTER_S)
            lines, ended = done.stdout.splitlines(), f"the process ended with status {done.returncode}"
        except subprocess.TimeoutExpired as late:
            lines, ended = (late.stdout or b"").decode().splitlines(), f"no end within {HANGS_AFTER_S} s"
        for line in lines:
            last = json.loads(line)
            running = last.get("running", running)
        if "killed_by" in last:
            return last
        return {"killed_by": running, "failure": ended, "schedules": 0}
