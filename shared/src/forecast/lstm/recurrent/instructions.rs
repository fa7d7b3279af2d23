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

    /// The fastest that this processor has.
    pub fn detected() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            return Self(Set::Avx2);
        }
        Self::PORTABLE
    }

    #[inline]
    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Set::Portable => kernel.run::<1, 4>(),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => {
                // SAFETY: this set is only ever made by `detected`, on a processor that has it.
                #[expect(unsafe_code, reason = "code for a set of instructions is unsafe to call where it may lack")]
                unsafe {
                    run_avx2(kernel)
                }
            }
        }
    }
}

/// AVX2 without FMA: a fused multiplication and addition would round once instead of twice.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<2, 8>()
}
