//! In which numbers CUDA multiplies.

use seraug_core::spec::Precision;

/// cuBLAS sums in an order that does not depend on what runs beside it only with workspaces of its own.
const WORKSPACE: &str = "CUBLAS_WORKSPACE_CONFIG";

/// Says how CUDA multiplies floats, which nothing else does: libtorch lets cuDNN use TF32 unless told otherwise. The
/// libraries read the environment as they are opened, and libtorch at its first question about it: once a process, before
/// the first tensor. Whoever starts a process that computes (a supervisor, a cluster's script, a person) need not know.
///
/// # Safety
/// It writes the environment: no other thread may have been started.
pub unsafe fn compute_in(precision: Precision) {
    let (name, value) = match precision {
        Precision::F32 | Precision::Bf16 => ("NVIDIA_TF32_OVERRIDE", "0"),
        Precision::Tf32 => ("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "1"),
    };
    // SAFETY: the caller's.
    unsafe {
        std::env::remove_var("NVIDIA_TF32_OVERRIDE");
        std::env::remove_var("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE");
        std::env::set_var(name, value);
        if std::env::var_os(WORKSPACE).is_none() {
            std::env::set_var(WORKSPACE, ":4096:8");
        }
    }
}
