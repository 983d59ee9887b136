#!/bin/sh
# Compiles native/cuda_graph.cpp: native/build.sh TORCH HEADERS OUT
# TORCH is the torch folder of a Python wheel with CUDA 13 (headers and libraries); HEADERS the folder that three wheels with
# the headers of CUDA are unpacked into, where they are not yet; OUT the shared object.
# No CUDA toolkit and no CUDA libraries: what is undefined is found beside libtorch_cuda.so at run time.
# Exit code 3 where the headers cannot be had.
set -eu
torch=$1 headers=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
if [ ! -f "$torch/include/ATen/cuda/CUDAGraph.h" ]; then
    echo "$torch has no include/ATen/cuda/CUDAGraph.h: LIBTORCH must be the torch folder of a wheel with CUDA" >&2
    exit 3
fi
include=$headers/nvidia/cu13/include
if [ ! -f "$include/nv/target" ] || [ ! -f "$include/cuda_runtime_api.h" ] || [ ! -f "$include/crt/host_defines.h" ]; then
    python3 -m pip --disable-pip-version-check install --quiet --no-deps --no-compile --target "$headers" \
        nvidia-cuda-runtime==13.0.96 nvidia-cuda-crt==13.0.88 nvidia-cuda-cccl==13.0.85 >&2 || exit 3
fi
mkdir -p "$(dirname "$out")"
# The wheels of Linux have had the new ABI since 2.6; the headers take it from the command line.
"${CXX:-g++}" -std=c++17 -O2 -fPIC -shared -D_GLIBCXX_USE_CXX11_ABI=1 -fvisibility=hidden \
    -isystem "$torch/include" -isystem "$include" "$here/cuda_graph.cpp" -o "$out.new" \
    -L"$torch/lib" -Wl,--no-as-needed -Wl,--unresolved-symbols=ignore-all -lc10_cuda -ltorch_cuda -lc10
mv "$out.new" "$out"
