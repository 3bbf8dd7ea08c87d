-- The limit on one job's payload.

local refuse = require("rules.refusal")

local payloads = {}

function payloads.check(payload, most)
  if #payload > most then
    refuse("INVALID", "data: has " .. #payload .. " bytes, the limit is " .. most)
  end
end

return payloads
