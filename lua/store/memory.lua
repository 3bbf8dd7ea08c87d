-- Whether the server's memory is full. What drains is allowed to run then, and is to put nothing.

local memory = {}

local function number(info, name)
  return tonumber(string.match(info, "\n" .. name .. ":(%d+)") or 0)
end

-- As the server itself reckons it before a command. Where an ACL hides it, nothing is known to be
-- full, and the server's own limits decide.
function memory.full()
  local info = redis.pcall("INFO", "memory")
  if type(info) ~= "string" then
    return false
  end
  local most = number(info, "maxmemory")
  local used = number(info, "used_memory") - number(info, "mem_not_counted_for_evict")
  return most > 0 and used > most
end

return memory
