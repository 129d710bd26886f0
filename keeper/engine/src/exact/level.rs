//! Which instructions the kernels may use. All levels give the same bits.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Generic,
    Avx2,
    Avx512,
}

/// An instruction level that this processor is known to have: values above the plainest one come only from
/// [`Level::all`], which asks the processor. That is what makes calling the kernels safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(Kind);

impl Level {
    /// Plain Rust, on any processor.
    pub const GENERIC: Level = Level(Kind::Generic);

    /// The fastest that this processor has.
    pub fn best() -> Level {
        Level::all().into_iter().max().unwrap_or(Level::GENERIC)
    }

    /// Every level that this processor has, the plainest first.
    pub fn all() -> Vec<Level> {
        #[allow(unused_mut, reason = "other processors have one level")]
        let mut levels = vec![Level::GENERIC];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                levels.push(Level(Kind::Avx2));
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vnni")
                && is_x86_feature_detected!("fma")
            {
                levels.push(Level(Kind::Avx512));
            }
        }
        levels
    }

    /// The name that the log and the benchmarks show.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Generic => "generic",
            Kind::Avx2 => "avx2",
            Kind::Avx512 => "avx512-vnni",
        }
    }

    pub(super) fn is_avx2(self) -> bool {
        self.0 == Kind::Avx2
    }

    pub(super) fn is_avx512(self) -> bool {
        self.0 == Kind::Avx512
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Defines a function whose plain body the compiler translates once per level. The body uses only operations that
/// IEEE 754 defines to the bit, in an order that the source fixes, so every translation computes the same.
macro_rules! leveled {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        $vis fn $name(level: $crate::exact::level::Level, $($arg: $type),*) {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn body($($arg: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $type),*) {
                    body($($arg),*)
                }
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")]
                fn avx512($($arg: $type),*) {
                    body($($arg),*)
                }
                if level.is_avx512() {
                    // SAFETY: a level of this kind exists only where the processor has the features.
                    return unsafe { avx512($($arg),*) };
                }
                if level.is_avx2() {
                    // SAFETY: as above.
                    return unsafe { avx2($($arg),*) };
                }
            }
            let _ = level;
            body($($arg),*)
        }
    };
}
pub(super) use leveled;
