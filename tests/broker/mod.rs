//! Does the flow hold, whatever its neighbours do meanwhile?

mod ending;
mod retired_meanwhile;
mod several;
mod together;
