-- Klass names as numbers: three bytes in a record instead of some twenty. 0 is no klass.

local root = require("store.root")

local klasses = {}

function klasses.want(step, name)
  if name ~= "" then
    root.want(step, "klass:" .. name)
  end
end

-- The number of a klass, or nil when there was never a job of it.
function klasses.known(step, name)
  return tonumber(root.get(step, "klass:" .. name) or nil)
end

-- The number of a klass, a new one if need be. Applying only.
function klasses.number(step, name)
  if name == "" then
    return 0
  end
  local number = klasses.known(step, name)
  if not number then
    number = root.count(step, "last-klass")
    root.set(step, "klass:" .. name, number)
    root.set(step, "klass-name:" .. number, name)
  end
  return number
end

function klasses.name(step, number)
  if number == 0 then
    return ""
  end
  return root.get(step, "klass-name:" .. number) or ""
end

return klasses
