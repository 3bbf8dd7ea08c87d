-- Calls that neither a token nor a nonce nor a jid protects carry a mark; the answer to a marked
-- call is kept for limits.TRACE, and a repeat is answered from it.

local keys = require("store.keys")
local limits = require("rules.limits")
local refuse = require("rules.refusal")

local requests = {}

local LONGEST = 32 -- bytes

function requests.check(mark)
  if #mark > LONGEST then
    refuse("INVALID", "request: has more than " .. LONGEST .. " bytes")
  end
end

-- The answer that was given to this call before, or nil.
function requests.answer(step, mark)
  local packed = redis.call("GET", keys.request(step, mark))
  return packed and cmsgpack.unpack(packed) or nil
end

function requests.remember(step, mark, answer)
  redis.call("SET", keys.request(step, mark), cmsgpack.pack(answer), "PX", limits.TRACE)
end

return requests
