//! The same code, compiled for more than one set of instructions, and the choice between them as the program runs.

/// A set of instructions that this processor has. Whichever is used, the bits of the results are the same: no sum is
/// reordered and no product fused, only more columns are computed side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instructions(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Work that is compiled once for each set of instructions.
pub(super) trait Kernel {
    /// What comes out.
    type Output;

    /// Does it, with so many rows at a time that their sums fit into the registers: `ROWS` where a row has a sum for each
    /// gate, `SINGLE` where it has one. Implementations, and all that they call, are `#[inline(always)]`, since only what
    /// is inlined is compiled for the set.
    fn run<const ROWS: usize, const SINGLE: usize>(self) -> Self::Output;
}

impl Instructions {
    /// What every processor, and every browser, has.
    pub const PORTABLE: Self = Self(Set::Portable);

    /// Those that this processor has, the fastest last.
    pub fn available() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let found = [
            is_x86_feature_detected!("avx2").then_some(Self(Set::Avx2)),
            is_x86_feature_detected!("avx512f").then_some(Self(Set::Avx512)),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let found: [Option<Self>; 0] = [];
        core::iter::once(Self::PORTABLE).chain(found.into_iter().flatten()).collect()
    }

    /// The fastest that this processor has.
    pub fn fastest() -> Self {
        Self::available().pop().unwrap_or(Self::PORTABLE)
    }

    #[inline]
    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Set::Portable => kernel.run::<1, 2>(),
            // SAFETY: these sets are only ever made by `available`, on a processor that has them.
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "code for a set of instructions is unsafe to call where it may lack")]
            Set::Avx2 => unsafe { run_avx2(kernel) },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the same")]
            Set::Avx512 => unsafe { run_avx512(kernel) },
        }
    }
}

/// AVX2 without FMA: a fused multiplication and addition would round once instead of twice.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<1, 4>()
}

/// This set implies FMA, of which the compiler makes no use unless it is asked to.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<2, 4>()
}
