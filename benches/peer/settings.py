"""The mel settings of both sides: spec::Features::default()."""

RATE = 16000
WINDOW, HOP, N_FFT, MELS, FLOOR_DB = 800, 400, 1024, 128, 80.0


def librosa_log_mel(y):
    """float32 [mels, frames], dB."""
    import librosa

    power = librosa.feature.melspectrogram(
        y=y, sr=RATE, n_fft=N_FFT, win_length=WINDOW, hop_length=HOP, window="hann", center=True,
        pad_mode="constant", power=2.0, n_mels=MELS, htk=False, norm="slaney",
    )
    return librosa.power_to_db(power, top_db=FLOOR_DB)
