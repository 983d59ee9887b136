//! Which failures may succeed when another process retries them.

use seraug_train::generators::triplet_gan::graphed_step::REFUSED;

/// Phrases of libtorch, in lower case, where the device or one of its libraries has failed. Nothing that this process does on
/// the device afterwards can be trusted.
const DEVICE_FAILURES: [&str; 14] = [
    "cuda error",
    "cuda driver error",
    "cudaerror",
    "cudnn error",
    "cudnn frontend error",
    "cudnn_status_",
    "cublas_status_",
    "cufft",
    "curand_status_",
    "cusolver",
    "cusparse_status_",
    "device-side assert",
    "nvrtc",
    // cuDNN, where no algorithm of a convolution starts.
    "unable to find an engine to execute",
];

/// Whether a retry may succeed after `error`: where a device failed, but not where a training diverged.
pub(super) fn is_retryable(error: &str) -> bool {
    let lower = error.to_lowercase();
    error.contains(REFUSED) || DEVICE_FAILURES.iter().any(|phrase| lower.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_device_is_retried_and_a_diverged_training_is_not() {
        for passing in [
            "CUDA error: an illegal memory access was encountered",
            "CUDA error: device-side assert triggered",
            "CUDA driver error: unknown error",
            "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
            "cuDNN Frontend error: [cudnn_frontend] Error: No execution plans support the graph.",
            "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle )`",
            "cublasLt failed: CUBLAS_STATUS_INTERNAL_ERROR",
            "cuFFT error: CUFFT_INTERNAL_ERROR",
            "cusolver error: CUSOLVER_STATUS_INTERNAL_ERROR",
            "GET was unable to find an engine to execute this computation",
            "the iteration cannot be recorded as a CUDA graph (no place left), so the next try goes without",
        ] {
            assert!(is_retryable(passing), "{passing}");
        }
        for lasting in [
            "augmentor training: rep is NaN at step 3; lower augmentor.learning-rate",
            "classifier: the loss is inf at step 9 of 10 (rate 1e-3); lower classifier.learning-rate",
            "cuda/a.wav: cannot be read",
            "",
        ] {
            assert!(!is_retryable(lasting), "{lasting}");
        }
    }
}
