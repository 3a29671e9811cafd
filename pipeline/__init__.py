"""Fix the CPU instructions and the environment variables that could change results, before numpy is imported.

numpy, OpenBLAS and oneDNN choose their instructions at run time. The last bits of exp, log and matmul depend on that
choice. This module limits them to AVX2 and to one thread; pipeline/forecaster/network.py does the same for TensorFlow.
As a result, x86-64 machines of the last ten years give the same bytes: docs/decisions/0004-*.md.
"""

import gc
import importlib.util
import os
import signal
import sys
import threading
import time
from pathlib import Path

if not importlib.util.find_spec("numpy"):
    sys.exit("pipeline: found no packages; accepted: `make setup`, then `source .venv/bin/activate`")

STARTED = time.perf_counter()
PINS = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
    "OPENBLAS_NUM_THREADS": "1",  # a sum that is split over threads rounds differently
    "OMP_NUM_THREADS": "1",  # the boosted trees use OpenMP
    "TF_NUM_INTRAOP_THREADS": "1",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
    "KERAS_HOME": os.devnull,  # a keras.json in the user's home would silently change floatx
    "TZ": "UTC",
    "FONTCONFIG_FILE": str(Path(__file__).resolve().with_name("report") / "fonts.conf"),
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
UNSET = (
    "NPY_ENABLE_CPU_FEATURES",
    "KERAS_MAX_EPOCHS",
    "KERAS_MAX_STEPS_PER_EPOCH",
    "KERAS_NNX_ENABLED",
    "KERAS_DISTRIBUTION_JOB_ADDRESSES",
    "KERAS_DISTRIBUTION_NUM_PROCESSES",
    "KERAS_DISTRIBUTION_PROCESS_ID",
    "TF_FUNCTION_JIT_COMPILE_DEFAULT",
    "TF_USE_LEGACY_KERAS",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
)

# Ctrl-C ends a stage, and a command that still imports, without a traceback.
if ("DVC_STAGE" in os.environ or sys.argv[:1] == ["-m"]) and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))  # 128 + SIGINT, as a shell says it

# A caller that imported numpy first keeps its environment as it is: the pins would come too late for numpy.
# It may be pinned all the same, if a parent process, such as pytest, passed these variables on.
PINNED = "numpy" not in sys.modules or all(os.environ.get(name) == value for name, value in PINS.items())

if "numpy" not in sys.modules:
    os.environ.update(PINS)
    for name in UNSET:
        os.environ.pop(name, None)
    gc.set_threshold(100_000, 20, 20)  # imports make many objects and free few, so frequent collections only cost time
