-- step: several commands in one call, every check before the first write.
--
-- Args: mode (`all`: one refusal refuses the call; `each`: it becomes that member's answer), then
-- for each member its name, its number of arguments and those. A pop can only come last.
-- Returns: the members' answers, in order; an error in the place of a member that was refused.
-- Errors: INVALID, and in mode `all` those of the members.
-- Cost: that of its members, at most limits.JOBS beside a pop.

return require("members")(true)
