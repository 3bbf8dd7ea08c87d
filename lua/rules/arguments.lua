-- Arguments of a command, checked at the door: each function returns the value or refuses.

local limits = require("rules.limits")
local refuse = require("rules.refusal")

local arguments = {}

-- A name given by a user: any bytes, not empty, at most limits.NAME of them.
function arguments.name(value, what)
  if type(value) ~= "string" or value == "" then
    refuse("INVALID", what .. ": must be a text that is not empty")
  end
  if #value > limits.NAME then
    refuse("INVALID", what .. ": has " .. #value .. " bytes, the limit is " .. limits.NAME)
  end
  return value
end

-- The names from a position on.
function arguments.names(args, from, what)
  local names = { unpack(args, from) }
  for position = 1, #names do
    arguments.name(names[position], what)
  end
  return names
end

-- The name of a worker, which is shorter than others.
function arguments.worker(value)
  arguments.name(value, "worker")
  if #value > limits.WORKER then
    refuse("INVALID", "worker: has more than " .. limits.WORKER .. " bytes")
  end
  return value
end

-- A text of at most limits.TEXT bytes; may be empty.
function arguments.text(value, what)
  if #value > limits.TEXT then
    refuse("INVALID", what .. ": has " .. #value .. " bytes, the limit is " .. limits.TEXT)
  end
  return value
end

-- An integer between low and high (both included); also exact as a double.
function arguments.integer(value, what, low, high)
  local number = tonumber(value)
  if number == nil or number ~= number or number % 1 ~= 0 then
    refuse("INVALID", what .. ": must be an integer")
  end
  if number < low or number > high then
    refuse(
      "INVALID",
      string.format("%s: %.0f is not between %.0f and %.0f", what, number, low, high)
    )
  end
  return number
end

-- As integer, or nil for the empty text.
function arguments.optional(value, what, low, high)
  if value == "" or value == nil then
    return nil
  end
  return arguments.integer(value, what, low, high)
end

-- One of the words in `choices` (a set).
function arguments.choice(value, what, choices)
  if not choices[value] then
    refuse("INVALID", what .. ": unknown word " .. tostring(value))
  end
  return value
end

-- The token of a lease: six bytes, see rules/lease.lua.
function arguments.token(value)
  if type(value) ~= "string" or #value ~= 6 then
    refuse("INVALID", "token: must have 6 bytes")
  end
  return value
end

-- Refuses a number of arguments that is not between low and high.
function arguments.width(given, low, high)
  if given < low or given > (high or low) then
    refuse(
      "INVALID",
      "arguments: " .. given .. " given, " .. low .. " to " .. (high or low) .. " taken"
    )
  end
end

function arguments.count(args, low, high)
  arguments.width(#args, low, high)
end

return arguments
