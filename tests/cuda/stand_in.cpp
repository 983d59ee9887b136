// A libtorch_cuda.so for machines without a GPU, against which the unmodified release programs run as on CUDA devices.
//
// It registers CUDA with libtorch_cpu: hooks, guard, device memory, pinned memory, cuDNN's LSTM. A kernel is the CPU's, behind
// the conditions of CUDA: every tensor is on one device, nothing is copied to or from the host while a graph is captured, and
// memory that nobody wrote is NaN. What it cannot show: speed, the size of memory, races, the algorithms that cuDNN chooses.
//
// SERAUG_STAND_IN_LOG=FILE       what was done, counted, is appended when the process ends
// SERAUG_STAND_IN_DEVICES=N      devices (2)
// SERAUG_STAND_IN_FAILS=FILE     the twentieth LSTM fails as cuDNN does, where FILE is not there yet; it is made then
// SERAUG_STAND_IN_CAPTURE=fails  a capture does not begin, and leaves the allocator to it, as libtorch's does
//
// It is the shared object of CUDA graphs too (native/cuda_graph.cpp): a capture is a list of what was done, on which memory.

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/native/RNN.h>
#include <ATen/native/Resize.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/resize_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

// ---- what is counted

std::mutex lock;
// Never destroyed: other static objects count and free until the end.
auto &counts = *new std::map<std::string, long>;

void count(const std::string &what) {
    std::lock_guard<std::mutex> guard(lock);
    ++counts[what];
}

struct Log {
    ~Log() {
        const char *file = getenv("SERAUG_STAND_IN_LOG");
        if (file == nullptr) return;
        std::string command;
        std::getline(std::ifstream("/proc/self/cmdline"), command);
        std::replace(command.begin(), command.end(), '\0', ' ');
        std::ofstream out(file, std::ios::app);
        out << "process\t" << command << "\n";
        for (const auto &[what, n] : counts) out << n << "\t" << what << "\n";
    }
} log_at_the_end;

// While a kernel of the stand-in works: copies of its own are not the program's.
thread_local int inside = 0;
struct Inside {
    Inside() { ++inside; }
    ~Inside() { --inside; }
};

// ---- devices, streams and memory

thread_local c10::DeviceIndex current = 0;
thread_local std::array<c10::StreamId, 16> streams{};

c10::DeviceIndex devices() {
    static const int n = [] {
        const char *text = getenv("SERAUG_STAND_IN_DEVICES");
        return text == nullptr ? 2 : atoi(text);
    }();
    return static_cast<c10::DeviceIndex>(n);
}

struct Guard final : c10::impl::DeviceGuardImplInterface {
    c10::DeviceType type() const override { return c10::kCUDA; }
    c10::Device exchangeDevice(c10::Device d) const override {
        const auto old = getDevice();
        setDevice(d);
        return old;
    }
    c10::Device getDevice() const override { return {c10::kCUDA, current}; }
    void setDevice(c10::Device d) const override {
        TORCH_CHECK(d.index() >= 0 && d.index() < devices(), "CUDA error: invalid device ordinal");
        current = d.index();
    }
    void uncheckedSetDevice(c10::Device d) const noexcept override {
        if (d.index() >= 0) current = d.index();
    }
    c10::Stream getStream(c10::Device d) const override {
        const auto i = index(d);
        return c10::Stream(c10::Stream::UNSAFE, {c10::kCUDA, i}, streams[i]);
    }
    c10::Stream getDefaultStream(c10::Device d) const override {
        return c10::Stream(c10::Stream::DEFAULT, {c10::kCUDA, index(d)});
    }
    c10::Stream getStreamFromGlobalPool(c10::Device d, bool) const override {
        return c10::Stream(c10::Stream::UNSAFE, {c10::kCUDA, index(d)}, 1);
    }
    c10::Stream exchangeStream(c10::Stream s) const override {
        const auto old = getStream(s.device());
        streams[s.device_index()] = s.id();
        return old;
    }
    c10::DeviceIndex deviceCount() const noexcept override { return devices(); }
    void record(void **event, const c10::Stream &, const c10::DeviceIndex, const c10::EventFlag) const override {
        static int any;
        *event = &any;
    }
    void block(void *, const c10::Stream &) const override {}
    bool queryEvent(void *) const override { return true; }
    bool queryStream(const c10::Stream &) const override { return true; }
    void synchronizeStream(const c10::Stream &) const override { count("wait: stream"); }
    void synchronizeEvent(void *) const override { count("wait: event"); }
    void synchronizeDevice(const c10::DeviceIndex) const override { count("wait: device"); }

  private:
    static c10::DeviceIndex index(c10::Device d) { return d.index() < 0 ? current : d.index(); }
};
C10_REGISTER_GUARD_IMPL(CUDA, Guard)

// Bytes of every piece of device memory, and the pieces of the host that are pinned.
auto &live = *new std::map<void *, size_t>;
auto &pinned = *new std::set<const void *>;

bool is_pinned(const void *p) {
    std::lock_guard<std::mutex> guard(lock);
    return pinned.count(p) > 0;
}

// Device memory as it was when a capture began, of pieces that are still the same.
auto &before = *new std::map<void *, std::vector<char>>;

void release(void *p) {
    {
        std::lock_guard<std::mutex> guard(lock);
        live.erase(p);
        before.erase(p);
    }
    c10::free_cpu(p);
}

struct DeviceMemory final : c10::Allocator {
    c10::DataPtr allocate(size_t n) override {
        void *p = n == 0 ? nullptr : c10::alloc_cpu(n);
        if (p != nullptr) {
            memset(p, 0xff, n); // NaN, until somebody writes
            std::lock_guard<std::mutex> guard(lock);
            live[p] = n;
        }
        return {p, p, &release, c10::Device(c10::kCUDA, current)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &release; }
    void copy_data(void *to, const void *from, size_t n) const override { memcpy(to, from, n); }
} device_memory;

void unpin(void *p) {
    {
        std::lock_guard<std::mutex> guard(lock);
        pinned.erase(p);
    }
    c10::free_cpu(p);
}

struct PinnedMemory final : c10::Allocator {
    c10::DataPtr allocate(size_t n) override {
        void *p = c10::alloc_cpu(n == 0 ? 1 : n);
        std::lock_guard<std::mutex> guard(lock);
        pinned.insert(p);
        return {p, p, &unpin, c10::Device(c10::kCPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &unpin; }
    void copy_data(void *to, const void *from, size_t n) const override { memcpy(to, from, n); }
} pinned_memory;

struct SetAllocator {
    SetAllocator() { c10::SetAllocator(c10::kCUDA, &device_memory); }
} set_allocator;

} // namespace

namespace at {
struct CUDAHooks final : CUDAHooksInterface {
    CUDAHooks(CUDAHooksArgs) {}
    void init() const override {}
    bool isBuilt() const override { return true; }
    bool isAvailable() const override { return devices() > 0; }
    bool hasCUDA() const override { return devices() > 0; }
    bool hasCUDART() const override { return true; }
    bool hasCuDNN() const override { return true; }
    bool compiledWithCuDNN() const override { return true; }
    bool supportsBFloat16RNNWithCuDNN() const override { return true; }
    bool supportsBFloat16ConvolutionWithCuDNNv8() const override { return true; }
    long versionCuDNN() const override { return 91900; }
    long versionRuntimeCuDNN() const override { return 91900; }
    double batchnormMinEpsilonCuDNN() const override { return 1e9; } // batch norm goes to the native kernel
    bool hasPrimaryContext(DeviceIndex i) const override { return i == 0; }
    DeviceIndex deviceCount() const override { return devices(); }
    int getNumGPUs() const override { return devices(); }
    DeviceIndex current_device() const override { return current; }
    DeviceIndex getCurrentDevice() const override { return current; }
    void setCurrentDevice(DeviceIndex i) const override { current = i; }
    DeviceIndex exchangeDevice(DeviceIndex i) const override { return std::exchange(current, i); }
    DeviceIndex maybeExchangeDevice(DeviceIndex i) const override { return exchangeDevice(i); }
    bool isPinnedPtr(const void *p) const override { return is_pinned(p); }
    Allocator *getPinnedMemoryAllocator() const override { return &pinned_memory; }
    Allocator *getCUDADeviceAllocator() const override { return &device_memory; }
    Device getDeviceFromPtr(void *) const override { return {kCUDA, current}; }
    void deviceSynchronize(DeviceIndex) const override { count("wait: device"); }
};
REGISTER_CUDA_HOOKS(CUDAHooks)
} // namespace at

namespace {

// ---- captures

using Step = std::function<void()>;
std::vector<Step> *tape = nullptr; // of the capture that goes on
std::atomic<bool> capturing{false};
std::atomic<bool> left_open{false}; // a capture that did not begin has the allocator

void may_be_captured(bool allowed, const char *what) {
    TORCH_CHECK(!left_open || inside, "CUDA error: a failed capture still has the allocator: ", what);
    TORCH_CHECK(allowed || !capturing || inside, "CUDA error: operation not permitted when stream is capturing: ", what);
}

// ---- what needs a kernel of its own

using c10::DispatchKey;

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                 std::optional<at::Device> device, std::optional<bool> pin, std::optional<at::MemoryFormat> format) {
    TORCH_CHECK(!pin.value_or(false), "Only dense CPU tensors can be pinned");
    c10::OptionalDeviceGuard guard(device);
    return at::detail::empty_generic(size, &device_memory, c10::DispatchKeySet(DispatchKey::CUDA),
                                     type.value_or(at::get_default_dtype_as_scalartype()), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> type,
                         std::optional<at::Layout>, std::optional<at::Device> device, std::optional<bool>) {
    c10::OptionalDeviceGuard guard(device);
    return at::detail::empty_strided_generic(size, stride, &device_memory, c10::DispatchKeySet(DispatchKey::CUDA),
                                             type.value_or(at::get_default_dtype_as_scalartype()));
}

// The same memory as a tensor of the host.
at::Tensor host(const at::Tensor &t) {
    if (t.is_cpu()) return t;
    return at::from_blob(t.data_ptr(), t.sizes(), t.strides(), t.options().device(at::kCPU).requires_grad(false));
}

at::Tensor &copy_(at::Tensor &self, const at::Tensor &from, bool non_blocking) {
    const bool up = self.is_cuda() && from.is_cpu(), number = from.dim() == 0;
    if (!inside && up && !number) {
        const bool fast = is_pinned(from.storage().data());
        count(std::string("upload: ") + (fast ? "pinned" : "pageable") + (non_blocking ? "" : ", waits"));
    } else if (!inside && self.is_cpu() && from.is_cuda()) {
        count("wait: download");
    } else if (!inside && self.device() != from.device() && !up) {
        count("copy between devices");
    }
    may_be_captured(self.is_cuda() && (from.is_cuda() || number), "a copy between host and device");
    at::AutoDispatchBelowADInplaceOrView below;
    auto to = host(self), source = host(from);
    to.copy_(source);
    if (capturing && !inside) tape->push_back([to, source, self, from]() mutable { to.copy_(source); });
    return self;
}

at::Tensor copy_from(const at::Tensor &self, const at::Tensor &to, bool non_blocking) {
    auto target = to;
    return copy_(target, self, non_blocking);
}

const at::Tensor &resize_(const at::Tensor &self, at::IntArrayRef size, std::optional<at::MemoryFormat> format) {
    c10::OptionalDeviceGuard guard(self.device());
    return at::native::resize_(self, size, format);
}

at::Tensor copy_from_and_resize(const at::Tensor &self, const at::Tensor &to) {
    if (self.sizes() != to.sizes()) resize_(to, self.sizes(), std::nullopt);
    host(to).copy_(host(self));
    return to;
}

at::Scalar local_scalar_dense(const at::Tensor &self) {
    may_be_captured(false, "item");
    count("wait: item");
    return host(self).item();
}

// ---- every other kernel

// CUDA takes these with indices of the host, which it uploads and waits for.
const std::set<std::string> takes_host_indices = {"aten::index.Tensor", "aten::index_put_", "aten::_index_put_impl_"};

void check_devices(const c10::OperatorHandle &op, const torch::jit::Stack *stack) {
    std::optional<at::Device> found;
    const bool indices = takes_host_indices.count(op.schema().operator_name().name) > 0;
    auto check = [&](const at::Tensor &t) {
        if (!t.defined() || (t.is_cpu() && t.dim() == 0)) return;
        if (!found) found = t.device();
        if (*found == t.device()) return;
        if (indices && t.is_cpu()) return count("upload: pageable, waits");
        TORCH_CHECK(false, "Expected all tensors to be on the same device, but found at least two devices, ", *found, " and ",
                    t.device(), "! (when checking arguments of ", op.operator_name(), ")");
    };
    for (const auto &argument : torch::jit::last(*stack, op.schema().arguments().size())) {
        if (argument.isTensor()) {
            check(argument.toTensor());
        } else if (argument.isTensorList()) {
            for (const at::Tensor &t : argument.toTensorVector()) check(t);
        } else if (argument.isOptionalTensorList()) {
            for (const auto &t : argument.toOptionalTensorVector())
                if (t) check(*t);
        }
    }
}

void overwrite(const at::Tensor &to, const at::Tensor &from) {
    if (to.defined() && to.data_ptr() != from.data_ptr()) host(to).copy_(host(from));
}

// Does the operation again, into the memory that it gave the first time.
Step again(const c10::OperatorHandle &op, std::vector<c10::IValue> given, std::vector<c10::IValue> made) {
    return [op, given = std::move(given), made = std::move(made)] {
        torch::jit::Stack stack(given);
        at::native::cpu_fallback(op, &stack);
        for (size_t i = 0; i < made.size(); ++i) {
            const auto &to = made[i], &from = stack[stack.size() - made.size() + i];
            if (to.isTensor()) {
                overwrite(to.toTensor(), from.toTensor());
            } else if (to.isTensorList()) {
                for (size_t k = 0; k < to.toTensorVector().size(); ++k)
                    overwrite(to.toTensorVector()[k], from.toTensorVector()[k]);
            }
        }
    };
}

void kernel(const c10::OperatorHandle &op, torch::jit::Stack *stack) {
    const auto &schema = op.schema();
    const auto &name = schema.operator_name().name;
    count("kernel: " + name);
    if (name.find("convolution") != std::string::npos && !at::globalContext().deterministicCuDNN())
        count("cuDNN may choose what is not deterministic");
    may_be_captured(true, name.c_str());
    check_devices(op, stack);
    Inside in;
    if (!capturing) return at::native::cpu_fallback(op, stack);
    std::vector<c10::IValue> given(stack->end() - schema.arguments().size(), stack->end());
    at::native::cpu_fallback(op, stack);
    std::vector<c10::IValue> made(stack->end() - schema.returns().size(), stack->end());
    tape->push_back(again(op, std::move(given), std::move(made)));
}

// ---- cuDNN's LSTM: one layer, batch first

void fail_once() {
    static const char *file = getenv("SERAUG_STAND_IN_FAILS");
    static int calls = 0;
    if (file == nullptr || ++calls < 20 || access(file, F_OK) == 0) return;
    std::ofstream(file) << "failed\n";
    TORCH_CHECK(false, "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED");
}

void lstm(at::Tensor &output, at::Tensor &hy, at::Tensor &cy, const at::Tensor &input, at::TensorList state,
          at::TensorList weights, bool has_biases, int64_t layers, double dropout, bool train, bool bidirectional,
          bool batch_first) {
    count("kernel: cudnn lstm");
    fail_once();
    for (const auto &t : weights) {
        TORCH_CHECK(t.device() == input.device(), "Input and parameter tensors are not at the same device");
        TORCH_CHECK(t.scalar_type() == input.scalar_type(), "rnn: weights of another kind than the input");
    }
    for (const auto &t : state) TORCH_CHECK(t.device() == input.device() && t.is_contiguous(), "rnn: state");
    TORCH_CHECK(train || !at::GradMode::is_enabled() || !input.requires_grad(),
                "cudnn RNN backward can only be called in training mode");
    // cuDNN wants the weights one after the other from the beginning of their storage; else it copies them together.
    const char *expected = static_cast<const char *>(weights[0].storage().data());
    bool together = true;
    for (const auto &t : weights) {
        together = together && t.data_ptr() == expected;
        expected += t.nbytes();
    }
    if (!together) {
        count("LSTM weights are copied together");
        TORCH_WARN("RNN module weights are not part of single contiguous chunk of memory.");
    }
    TORCH_CHECK(has_biases && layers == 1 && dropout == 0 && !bidirectional && batch_first, "another LSTM than ours");
    auto h = state[0][0], c = state[1][0];
    std::vector<at::Tensor> out;
    for (int64_t t = 0; t < input.size(1); ++t) {
        const auto all = at::linear(input.select(1, t), weights[0], weights[2]) + at::linear(h, weights[1], weights[3]);
        const auto gate = all.chunk(4, 1);
        c = gate[1].sigmoid() * c + gate[0].sigmoid() * gate[2].tanh();
        h = gate[3].sigmoid() * c.tanh();
        out.push_back(h);
    }
    output = at::stack(out, 1);
    hy = h.unsqueeze(0);
    cy = c.unsqueeze(0);
}

struct SetLstm {
    SetLstm() { at::native::lstm_cudnn_stub.set_cuda_dispatch_ptr(&lstm); }
} set_lstm;

} // namespace

TORCH_LIBRARY_IMPL(aten, CUDA, m) {
    m.impl("empty.memory_format", TORCH_FN(empty));
    m.impl("empty_strided", TORCH_FN(empty_strided));
    m.impl("as_strided", TORCH_FN(at::native::as_strided_tensorimpl));
    m.impl("view", TORCH_FN(at::native::view));
    m.impl("unfold", TORCH_FN(at::native::unfold));
    m.impl("_reshape_alias", TORCH_FN(at::native::_reshape_alias));
    m.impl("resize_", TORCH_FN(resize_));
    m.impl("copy_", TORCH_FN(copy_));
    m.impl("_copy_from", TORCH_FN(copy_from));
    m.impl("_copy_from_and_resize", TORCH_FN(copy_from_and_resize));
    m.impl("_local_scalar_dense", TORCH_FN(local_scalar_dense));
    m.impl("convolution", torch::CppFunction::makeFromBoxedFunction<&kernel>());
    m.impl("convolution_backward", torch::CppFunction::makeFromBoxedFunction<&kernel>());
}

TORCH_LIBRARY_IMPL(_, CUDA, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&kernel>()); }

// ---- the C ABI of native/cuda_graph.cpp

extern "C" {

struct Recorder {
    std::vector<Step> tape;
    bool entered = false;
};

const char *seraug_graph_new(int, Recorder **out) {
    *out = new Recorder;
    return nullptr;
}

const char *seraug_graph_enter(Recorder *r) { return std::exchange(r->entered, true) ? "entered twice" : nullptr; }

const char *seraug_graph_leave(Recorder *r) { return std::exchange(r->entered, false) ? nullptr : "left twice"; }

const char *seraug_graph_begin(Recorder *r) {
    if (getenv("SERAUG_STAND_IN_CAPTURE") != nullptr) {
        left_open = true;
        return "CUDA error: operation failed due to a previous error during capture";
    }
    std::lock_guard<std::mutex> guard(lock);
    for (const auto &[p, n] : live) {
        const char *bytes = static_cast<const char *>(p);
        before[p].assign(bytes, bytes + n);
    }
    tape = &r->tape;
    capturing = true;
    return nullptr;
}

// What was recorded was not done: memory is as it was.
const char *seraug_graph_end(Recorder *) {
    capturing = false;
    tape = nullptr;
    std::lock_guard<std::mutex> guard(lock);
    for (const auto &[p, bytes] : before) memcpy(p, bytes.data(), bytes.size());
    before.clear();
    return nullptr;
}

const char *seraug_graph_replay(Recorder *r) {
    if (r->entered) return "replayed inside";
    count("kernel: replay of a graph");
    Inside in;
    at::NoGradGuard no_grad;
    for (const auto &step : r->tape) step();
    return nullptr;
}

const char *seraug_graph_free(Recorder *r) {
    delete r;
    return nullptr;
}

} // extern "C"
