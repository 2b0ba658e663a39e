#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    lprobe_fuzz::target::accepts(input);
});
