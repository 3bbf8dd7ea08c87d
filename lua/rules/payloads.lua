-- The limit on one job's payload, and on its result.

local refuse = require("rules.refusal")

local payloads = {}

-- what: the argument's name, `data` unless it has another.
function payloads.check(payload, most, what)
  if #payload > most then
    refuse("INVALID", (what or "data") .. ": has " .. #payload .. " bytes, the limit is " .. most)
  end
end

return payloads
