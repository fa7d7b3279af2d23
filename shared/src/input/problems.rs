//! Every problem of an input, so that it is mended at once.

use core::fmt;

use super::InputError;

/// Every problem of an input; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputProblems(pub Vec<InputError>);

/// Most problems that are listed one by one.
const LISTED_MAX: usize = 100;

impl InputProblems {
    /// All of these records, or what is wrong with those that are none.
    ///
    /// # Errors
    /// With as many problems as are listed; where there are more, the last one says so.
    pub fn collect<T>(records: impl IntoIterator<Item = Result<T, InputError>>) -> Result<Vec<T>, Self> {
        let (mut right, mut wrong) = (Vec::new(), Vec::new());
        for record in records {
            match record {
                Ok(record) => right.push(record),
                Err(error) if wrong.len() + 1 < LISTED_MAX => wrong.push(error),
                Err(_) => {
                    wrong.push(InputError::whole("and more, which are listed once these are mended"));
                    break;
                }
            }
        }
        if wrong.is_empty() { Ok(right) } else { Err(Self(wrong)) }
    }

    /// The first of them.
    ///
    /// # Panics
    /// When there is none, which never is.
    pub fn first(mut self) -> InputError {
        self.0.swap_remove(0)
    }
}

impl fmt::Display for InputProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(problems) = self;
        if let [only] = problems.as_slice() {
            return write!(f, "{only}");
        }
        write!(f, "{} problems", problems.len())?;
        problems.iter().take(LISTED_MAX).try_for_each(|problem| write!(f, "\n  {problem}"))?;
        if problems.len() > LISTED_MAX { write!(f, "\n  and {} more", problems.len() - LISTED_MAX) } else { Ok(()) }
    }
}

impl core::error::Error for InputProblems {}

impl From<InputError> for InputProblems {
    fn from(only: InputError) -> Self {
        Self(vec![only])
    }
}
