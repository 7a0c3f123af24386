// Imported by what no case uses here.
module.exports = {};
