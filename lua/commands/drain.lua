-- drain: as step, for members that put nothing; runs when memory is full.
--
-- Args, Returns, Errors, Cost: as step.

return require("members")(false)
