-- A job's options as they come on the wire: one msgpack map, empty when all are default.

local arguments = require("rules.arguments")
local limits = require("rules.limits")
local refuse = require("rules.refusal")
local rules = require("rules.options")

local job = {}

local function is_list(value)
  if type(value) ~= "table" then
    return false
  end
  local count = 0
  for _ in pairs(value) do
    count = count + 1
  end
  return count == #value
end

local function names(value, what, most)
  if not is_list(value) or #value > most then
    refuse("INVALID", what .. ": must be a list of at most " .. most .. " names")
  end
  local seen, list = {}, {}
  for position = 1, #value do
    local name = arguments.name(value[position], what)
    if not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  return list
end

local CHECK = {
  integer = function(value, what, rule)
    return arguments.integer(value, what, rule.low, rule.high)
  end,
  word = function(value, what, rule)
    return arguments.choice(value, what, rule.words)
  end,
  name = function(value, what)
    return arguments.name(value, what)
  end,
  names = function(value, what, rule)
    return names(value, what, rule.most)
  end,
  flag = function(value, what)
    if type(value) ~= "boolean" then
      refuse("INVALID", what .. ": must be true or false")
    end
    return value
  end,
  text = function(value, what, rule)
    if type(value) ~= "string" or #value > rule.most then
      refuse("INVALID", what .. ": must be a text of at most " .. rule.most .. " bytes")
    end
    return value
  end,
}

local NONE = {}

-- The options that were read last: jobs are often put with the same ones in a row.
local last = { packed = "", allowed = nil, options = NONE }

-- packed: the map's bytes. allowed: option names, each with true or a rule of its own, or nil for
-- all of rules/options.lua. what: the argument's name, `options` unless it has another. Returns a
-- table that is not to be changed.
function job.options(packed, allowed, what)
  if packed == "" then
    return NONE
  end
  if packed == last.packed and allowed == last.allowed then
    return last.options
  end
  if #packed > limits.OPTIONS then
    refuse(
      "INVALID",
      (what or "options") .. ": has " .. #packed .. " bytes, the limit is " .. limits.OPTIONS
    )
  end
  local fine, given = pcall(cmsgpack.unpack, packed)
  if not fine or type(given) ~= "table" then
    refuse("INVALID", (what or "options") .. ": must be a msgpack map")
  end
  local options = {}
  for name, value in pairs(given) do
    local rule = rules[name]
    if allowed and allowed[name] ~= true then
      rule = allowed[name]
    end
    if not rule then
      refuse("INVALID", (what or "options") .. ": " .. tostring(name) .. " is not known here")
    end
    options[name] = CHECK[rule.kind](value, name, rule)
  end
  last = { packed = packed, allowed = allowed, options = options }
  return options
end

-- Adds to `rest` what of the options stays with a job from queue to queue; returns it.
function job.stay(options, rest)
  for name, value in pairs(options) do
    local rule = rules[name]
    if rule and rule.stays then
      rest[name] = value
    end
  end
  return rest
end

-- The moment, in milliseconds, at which a job of these options may run, or nil for now. Of a delay
-- and a moment the later counts.
function job.due(step, options)
  local due = options.at
  if options.delay then
    due = math.max(due or 0, step.now + options.delay)
  end
  return due and due > step.now and due or nil
end

return job
