-- Stands before the engine: its call number N, the first argument, fails; the error names all calls
-- up to that one. The engine sees this table in the place of the server's.
local server, left, made = redis, tonumber(table.remove(ARGV, 1)), {}
local redis = {
  pcall = server.pcall,
  call = function(name, ...)
    made[#made + 1] = name
    if #made == left then
      error({ err = "FAULT " .. table.concat(made, " ") })
    end
    return server.call(name, ...)
  end,
}
