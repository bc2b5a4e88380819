//! Is what happened on disk before anyone is told so?

mod recorder;
