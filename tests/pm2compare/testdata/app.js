process.on('message', () => {});
console.log('up');
setInterval(() => {}, 1000);
